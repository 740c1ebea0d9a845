"""Which nodes of a translated graph hold the layers, and the source's names for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from boildown import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onnx import ModelProto, NodeProto

#: Operators that tf2onnx makes of those that hold weights.
_HOLDERS = ("Conv", "ConvTranspose", "MatMul", "Gemm", "Gather")
#: What tf2onnx appends to the name of the tensor that a node makes: before a rounding, and where
#: it has joined product and bias.
_APPENDED = re.compile(r"(_prequant)?(_Gemm__\d+)?$")


def tensor_of(node: NodeProto) -> str:
    """Return the name of the tensor that is a node's in the file.

    tf2onnx names a node after the tensor that it makes.
    """
    return _APPENDED.sub("", node.name)


def holders(model: ModelProto) -> dict[str, NodeProto]:
    """Return the nodes that may hold a weight by the name of their tensor."""
    return {tensor_of(node): node for node in model.graph.node if node.op_type in _HOLDERS}


def name_layers(model: ModelProto, names: Mapping[str, str]) -> None:
    """Name nodes in place; `names` are ONNX node -> name of its tensor.

    Raises UnsupportedError where no node computes a layer.
    """
    found = holders(model)
    lost = [layer for layer, tensor in names.items() if tensor not in found]
    if lost:
        raise UnsupportedError(
            f"tf2onnx has turned layer {lost[0]!r} into something that holds no weight"
        )
    for number, node in enumerate(model.graph.node):
        if node.name in names or not node.name:
            node.name = f"{node.op_type}#{number}"
    for layer, tensor in names.items():
        found[tensor].name = layer
