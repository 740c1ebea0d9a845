"""Find and name nodes: which hold a layer, which make a tensor, which read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import source_layers

if TYPE_CHECKING:
    from boildown import Context, Layer
    from onnx import ModelProto, NodeProto


def producers(model: ModelProto) -> dict[str, NodeProto]:
    """Map each computed tensor to the node that computes it."""
    return {name: node for node in model.graph.node for name in node.output}


def consumers(model: ModelProto) -> dict[str, list[NodeProto]]:
    """Map each tensor to the nodes of the main graph that read it."""
    found: dict[str, list[NodeProto]] = {}
    for node in model.graph.node:
        for name in dict.fromkeys(node.input):
            found.setdefault(name, []).append(node)
    return found


def users_of(layers: list[Layer], context: Context) -> list[Layer]:
    """Return all layers of the source that hold the weights of `layers`, shared ones included."""
    weights = {layer.weight for layer in layers}
    return [x for x in source_layers(context.original.path) if x.weight in weights]


def nodes_of(layers: list[Layer], context: Context) -> set[str]:
    """Return the names of the nodes that hold the weights of `layers`."""
    return {layer.node for layer in users_of(layers, context)}


def other_nodes(layers: list[Layer], context: Context) -> list[str]:
    """List the nodes that hold a layer, but none of `layers`."""
    chosen = nodes_of(layers, context)
    return [x.node for x in source_layers(context.original.path) if x.node not in chosen]


def rename_nodes(model: ModelProto, new_names: dict[str, str]) -> None:
    """Give nodes that a quantizer has renamed the names of their layers back."""
    for node in model.graph.node:
        node.name = new_names.get(node.name, node.name)
