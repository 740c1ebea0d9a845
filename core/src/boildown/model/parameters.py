"""How many parameters a model has, however they are stored."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .shapes import unpacked_shape

if TYPE_CHECKING:
    import onnx

    from .folding import Constants

#: Operator -> inputs that are learned. Running statistics, scales and zero points are not.
_LEARNED: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(("Conv", "FusedConv", "ConvTranspose"), (1, 2)),
    **dict.fromkeys(("Gemm", "FusedGemm"), (0, 1, 2)),
    **dict.fromkeys(("MatMul", "FusedMatMul", "Add", "Concat"), (0, 1)),
    **dict.fromkeys(("BatchNormalization", "InstanceNormalization"), (1, 2)),
    **dict.fromkeys(("LayerNormalization", "GroupNormalization"), (1, 2)),
    "RMSNormalization": (1,),
    "Einsum": (0, 1),
    **dict.fromkeys(("LSTM", "GRU", "RNN"), (1, 2, 3)),
    "PRelu": (1,),
    "Gather": (0,),
    **dict.fromkeys(("ConvInteger", "MatMulInteger"), (1,)),
    "QLinearConv": (3, 8),
    "QLinearMatMul": (0, 3),
    "QGemm": (3, 6),
    "MatMulIntegerToFloat": (1, 6),
    "DynamicQuantizeMatMul": (1, 4),
    "DynamicQuantizeLSTM": (1, 2, 3),
}


def count_parameters(graph: onnx.GraphProto, constants: Constants) -> int:
    """Count the learned numbers: weights, biases, scales and shifts of normalisation.

    A tensor that several nodes use counts once; constants of one element (an epsilon, a factor)
    and integers that are indices or shapes do not count. Packed weights count decoded.
    """
    # By what is stored: codes may be read through several nodes.
    sizes: dict[frozenset[str], int] = {}
    for node in graph.node:
        if (shape := unpacked_shape(node, constants)) is not None:
            packed = node.input[1 if node.op_type == "MatMulNBits" else 0]
            sizes[frozenset({packed})] = math.prod(shape)
        for index in _LEARNED.get(node.op_type, ()):
            name = node.input[index] if index < len(node.input) else ""
            if name in constants.names and not _is_produced(node, name, constants):
                sizes[frozenset(constants.sources(name))] = constants.value(name).size
    return sum(size for size in sizes.values() if size > 1)


def _is_produced(node: onnx.NodeProto, name: str, constants: Constants) -> bool:
    """Say whether the node is part of a constant itself (an unpacking Add), or moves indices."""
    whole = {item for item in node.input if item} <= constants.names
    indices = node.op_type in {"Add", "Concat", "Gather"} and constants.value(name).dtype == "int64"
    return whole or indices
