"""GELU, which tf2onnx (1.17) leaves untranslated."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from boildown import node_attribute, replace_nodes
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onnx import ModelProto, NodeProto

_CUBIC = 0.044715


def translate_gelu(model: ModelProto) -> None:
    """Translate GELU, in place."""
    nodes: list[NodeProto] = []
    for node in model.graph.node:
        nodes += _gelu(node, model) if node.op_type == "TFL_GELU" else [node]
    replace_nodes(model, nodes)


def _gelu(node: NodeProto, model: ModelProto) -> Iterator[NodeProto]:
    """Yield x (1 + erf(x / sqrt 2)) / 2, or its form with tanh (Hendrycks and Gimpel, 2016)."""
    (given,), made = node.input, node.output[0]

    def constant(value: float) -> str:
        name = f"{made}/{value:.6g}"
        model.graph.initializer.append(numpy_helper.from_array(np.array(value, np.float32), name))
        return name

    def operation(kind: str, part: str, *inputs: str) -> NodeProto:
        return helper.make_node(kind, [*inputs], [f"{made}/{part}"])

    if node_attribute(node, "approximate", 0):
        yield operation("Mul", "square", given, given)
        yield operation("Mul", "cube", f"{made}/square", given)
        yield operation("Mul", "cubic", f"{made}/cube", constant(_CUBIC))
        yield operation("Add", "sum", given, f"{made}/cubic")
        yield operation("Mul", "scaled", f"{made}/sum", constant(math.sqrt(2 / math.pi)))
        yield operation("Tanh", "bent", f"{made}/scaled")
    else:
        yield operation("Mul", "scaled", given, constant(math.sqrt(0.5)))
        yield operation("Erf", "bent", f"{made}/scaled")
    yield operation("Add", "raised", f"{made}/bent", constant(1.0))
    yield operation("Mul", "doubled", given, f"{made}/raised")
    yield helper.make_node("Mul", [f"{made}/doubled", constant(0.5)], [made], name=node.name)
