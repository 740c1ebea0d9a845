"""The source's names for the nodes that hold its layers, by which every reader finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from onnx import ModelProto

#: Operators that tf2onnx makes of those that hold weights.
_HOLDERS = ("Conv", "ConvTranspose", "MatMul", "Gemm", "Gather")
#: tf2onnx names a node after the tensor that it makes, with this before a rounding.
_BEFORE_ROUNDING = "_prequant"


def name_layers(model: ModelProto, names: Mapping[str, str]) -> None:
    """Name nodes in place; `names` are ONNX node -> name of the tensor in the file.

    Raises UnsupportedError where no node computes a layer.
    """
    holders = {
        node.name.removesuffix(_BEFORE_ROUNDING): node
        for node in model.graph.node
        if node.op_type in _HOLDERS
    }
    lost = [layer for layer, tensor in names.items() if tensor not in holders]
    if lost:
        raise UnsupportedError(
            f"tf2onnx has turned layer {lost[0]!r} into something that holds no weight"
        )
    for number, node in enumerate(model.graph.node):
        if node.name in names or not node.name:
            node.name = f"{node.op_type}#{number}"
    for layer, tensor in names.items():
        holders[tensor].name = layer
