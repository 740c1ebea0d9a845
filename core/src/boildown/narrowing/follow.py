"""Walk a graph once, node by node, and learn where channels lie and which go together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .classes import END
from .flow import Flow, begin
from .lengths import begin_lengths, follow_lengths
from .node import Node, Stay
from .rules import RULES

if TYPE_CHECKING:
    from onnx import ModelProto


def follow(model: ModelProto) -> Flow:
    """Return what is known of the channels of a normalised model, which is left alone."""
    flow = begin(model)
    for index, proto in enumerate(model.graph.node):
        node = Node(proto, index, flow)
        if node.layers or any(
            name in flow.channels or name in flow.lengths for name in node.inputs
        ):
            try:
                _follow(node)
            except Stay as stay:
                node.stay(str(stay))
    for output in model.graph.output:
        for found in (flow.channels.get(output.name), flow.lengths.get(output.name)):
            if found is not None:
                flow.classes.keep(found.ids, END)
    return flow


def _follow(node: Node) -> None:
    if node.op == "Shape":
        begin_lengths(node)
    elif not follow_lengths(node):
        if node.proto.domain not in {"", "ai.onnx"} or node.op not in RULES:
            raise Stay(f"has no rule for narrowing (opset {node.flow.opset})")
        RULES[node.op](node)
