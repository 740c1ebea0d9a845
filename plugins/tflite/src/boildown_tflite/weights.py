"""Which operators of a `.tflite` file hold a weight, and in which tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .flatbuffer import File, Operator, Tensor

#: Operator -> index of the input that may be a weight, by TensorFlow Lite's operator definitions.
_POSITIONS = {
    "CONV_2D": (1,),
    "DEPTHWISE_CONV_2D": (1,),
    "TRANSPOSE_CONV": (1,),
    "FULLY_CONNECTED": (1,),
    "CONV_3D": (1,),
    "BATCH_MATMUL": (0, 1),
    "EMBEDDING_LOOKUP": (1,),
    "GATHER": (0,),
}
#: Input that the operator computes with: the output's shape comes first in a transposed one.
_DATA = {"TRANSPOSE_CONV": 2, "GATHER": 1, "EMBEDDING_LOOKUP": 0}
#: What may stand between a constant and its user: a change of its storage alone.
_STORAGE = ("DEQUANTIZE", "DENSIFY")
#: Numbers to index with are no weights.
_INDICES = ("INT32", "INT64", "BOOL", "STRING")


class Site(NamedTuple):
    """One operator with the constant that it takes for its weight.

    `direct` is the tensor that the operator itself reads: behind a DEQUANTIZE another than the
    constant. `data` is what the weight is applied to.
    """

    operator: Operator
    weight: Tensor
    direct: Tensor
    data: Tensor

    @property
    def output(self) -> int:
        """Index of the tensor that the operator makes, which is its identity in the file."""
        return self.operator.outputs[0]


def weight_sites(file: File) -> list[Site]:
    """List the weights of the main subgraph, in the order of its operators."""
    makers = makers_of(file)
    found = []
    for operator in file.operators:
        for position in _POSITIONS.get(operator.code, ()):
            site = _site(operator, position, file, makers)
            if site is not None:
                found.append(site)
    return found


def makers_of(file: File) -> dict[int, Operator]:
    """Return, by tensor, the operator that makes it."""
    return {index: operator for operator in file.operators for index in operator.outputs}


def behind_storage(index: int, makers: Mapping[int, Operator]) -> int:
    """Return the tensor that one is only another way to store of: itself, mostly."""
    while index in makers and makers[index].code in _STORAGE:
        index = makers[index].inputs[0]
    return index


def _site(
    operator: Operator, position: int, file: File, makers: Mapping[int, Operator]
) -> Site | None:
    if position >= len(operator.inputs) or not operator.outputs:
        return None
    direct = operator.inputs[position]
    index = behind_storage(direct, makers)
    weight = file.tensors[index]
    if index < 0 or weight.data is None or weight.type in _INDICES:
        return None
    other = _DATA.get(operator.code, 1 - position)
    if other >= len(operator.inputs):
        return None
    data = file.tensors[operator.inputs[other]]
    return Site(operator, weight, file.tensors[direct], data) if data.data is None else None
