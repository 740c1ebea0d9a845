"""Biases that tf2onnx (1.17) loses.

Of a FULLY_CONNECTED that is fed with images, which it flattens itself, tf2onnx translates the
flattening and the product, and forgets the bias.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import replace_nodes
from onnx import helper, numpy_helper

from ..flatbuffer import decode, plain_name
from ..weights import behind_storage, makers_of
from .naming import holders

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

    from ..flatbuffer import File, Operator

_BIAS, _MATRIX = 2, 2


def restore_biases(model: ModelProto, file: File) -> None:
    """Add what is lost behind each such product, in place."""
    found, makers = holders(model), makers_of(file)
    lost: dict[str, Operator] = {}
    for operator in file.operators:
        name = plain_name(operator.outputs[0]) if operator.outputs else ""
        if name in found and _loses_bias(operator, file):
            lost[found[name].output[0]] = operator
    nodes: list[NodeProto] = []
    for node in model.graph.node:
        nodes.append(node)
        if node.output[0] not in lost:
            continue
        made, product, bias = node.output[0], f"{node.output[0]}/product", f"{node.output[0]}/bias"
        values = decode(file.tensors[behind_storage(lost[made].inputs[_BIAS], makers)])
        model.graph.initializer.append(numpy_helper.from_array(values, bias))
        node.output[0] = product
        nodes.append(helper.make_node("Add", [product, bias], [made]))
    replace_nodes(model, nodes)


def _loses_bias(operator: Operator, file: File) -> bool:
    return (
        operator.code == "FULLY_CONNECTED"
        and len(operator.inputs) > _BIAS
        and operator.inputs[_BIAS] >= 0
        and len(file.tensors[operator.inputs[0]].shape) != _MATRIX
        and len(file.tensors[operator.outputs[0]].shape) == _MATRIX
    )
