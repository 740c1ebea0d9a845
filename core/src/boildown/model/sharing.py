"""Weights that several nodes use: kept once where the use is the same, else copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .layers import float_shapes, layers_of_node
from .naming import unused

if TYPE_CHECKING:
    import onnx

#: Operator, axis of the output channels, and which weight of a recurrent node.
_Role = tuple[str, int, str]


def separate_roles(model: onnx.ModelProto) -> list[str]:
    """Give every weight one role, in place, and return the names of the copies made for that.

    Nodes of one operator that use a weight along the same axis (a filter applied to five levels
    of a pyramid) keep sharing it: copies would undo the sharing and grow the model. A weight that
    serves different operators, or also as something else than a weight (an embedding that is the
    classifier too), is copied: compressing one use must not change another, and per-channel
    scales lie along different axes.
    """
    graph = model.graph
    shapes = float_shapes(graph)
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    roles = [
        {
            index: (layer.op, layer.axis, layer.name.removeprefix(layer.node))
            for index, layer in found
        }
        for found in (layers_of_node(node, shapes) for node in graph.node)
    ]
    weights = {
        node.input[index] for node, found in zip(graph.node, roles, strict=True) for index in found
    }
    #: Weight -> its role, None for whatever is no layer; the first use decides.
    owner: dict[str, _Role | None] = dict.fromkeys(item.name for item in graph.output)
    copies: dict[tuple[str, _Role | None], str] = {}
    taken = {*tensors, *(name for node in graph.node for name in [*node.input, *node.output])}
    for node, found in zip(graph.node, roles, strict=True):
        for index, name in enumerate(node.input):
            role = found.get(index)
            if name not in weights or owner.setdefault(name, role) == role:
                continue
            if (name, role) not in copies:
                copies[name, role] = unused(f"{name}.copy", taken)
                copy = graph.initializer.add()
                copy.CopyFrom(tensors[name])
                copy.name = copies[name, role]
            node.input[index] = copies[name, role]
    return list(copies.values())
