"""Find the nodes beside quantized layers: only there do rounded activations save anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .graph import consumers, producers

if TYPE_CHECKING:
    from collections.abc import Collection

    from onnx import ModelProto, NodeProto


def nodes_far_from(model: ModelProto, chosen: set[str], movers: Collection[str]) -> list[str]:
    """Name the nodes of the operators `movers` that none of the chosen nodes is beside.

    A chain or tree of them is beside a chosen node if any part of it reads or feeds that node.
    Nodes without a name get one, in place.
    """
    made, read_by = producers(model), consumers(model)
    for number, node in enumerate(model.graph.node):
        node.name = node.name or f"{node.op_type}/{number}"
    near: set[str] = set()
    waiting = [node for node in model.graph.node if node.name in chosen]
    while waiting:
        for node in _beside(waiting.pop(), made, read_by):
            if node.op_type in movers and node.name not in near | chosen:
                near.add(node.name)
                waiting.append(node)
    return [n.name for n in model.graph.node if n.op_type in movers and n.name not in near]


def _beside(
    node: NodeProto, made: dict[str, NodeProto], read_by: dict[str, list[NodeProto]]
) -> list[NodeProto]:
    before = [made[name] for name in node.input if name in made]
    return before + [user for name in node.output for user in read_by.get(name, [])]
