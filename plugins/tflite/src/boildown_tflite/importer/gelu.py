"""GELU written out by exporters, x / 2 · (1 + erf(x / √2)), as the one operator `Gelu`.

TFLite has a GELU and no error function.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import onnx
from boildown import initializers, replace_nodes
from onnx import helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Callable

#: Exporters round √2 and 1/2 to float32.
_CLOSE = 1e-6


def fused_gelu(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model with each complete pattern as one Gelu, named like its last node."""
    if not any(node.op_type == "Erf" for node in model.graph.node):
        return model
    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    pattern = _Pattern(changed)
    for erf in [node for node in changed.graph.node if node.op_type == "Erf"]:
        pattern.fuse(erf)
    gone = pattern.gone
    replace_nodes(
        changed,
        [pattern.made.get(node.name, node) for node in changed.graph.node if node.name not in gone],
    )
    return changed


class _Pattern:
    """Walks from an Erf up to the input and down to the result."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.graph, self.stored = model.graph, initializers(model)
        self.made: dict[str, onnx.NodeProto] = {}
        self.gone: set[str] = set()

    def fuse(self, erf: onnx.NodeProto) -> None:
        """Note the Gelu and the nodes that it replaces, where the pattern is complete."""
        scale = self._maker(erf.input[0])
        if scale is None or not (
            self._has(scale, "Div", math.sqrt(2)) or self._has(scale, "Mul", math.sqrt(0.5))
        ):
            return
        x = next(name for name in scale.input if name not in self.stored)
        last = self._only_user(erf, lambda n: self._has(n, "Add", 1))
        nodes, missing = [scale, erf, last], {"x", "half"}
        while missing:
            product = self._only_user(last, lambda n: n.op_type == "Mul")
            if last is None or product is None:
                return
            others = [name for name in product.input if name != last.output[0]]
            found = self._factors(others[0], x) if others else set()
            if not found or not found <= missing:
                return
            missing -= found
            if len(found) > 1:
                nodes.append(self._maker(others[0]))
            last = product
            nodes.append(last)
        assert last is not None  # noqa: S101 - a loop that is left has found one
        self.made[last.name] = helper.make_node("Gelu", [x], list(last.output), name=last.name)
        inner = {node.name for node in nodes if node is not None and node.name != last.name}
        self.gone |= {name for name in inner if self._unused(name, inner | {last.name})}

    def _maker(self, name: str) -> onnx.NodeProto | None:
        return next((node for node in self.graph.node if name in node.output), None)

    def _factors(self, name: str, x: str) -> set[str]:
        """Say which of x and 1/2 a value is the product of."""
        if name == x:
            return {"x"}
        if name in self.stored:
            return {"half"} if self._is(name, 0.5) else set()
        maker = self._maker(name)
        halves = maker is not None and x in maker.input and self._has(maker, "Mul", 0.5)
        return {"x", "half"} if halves else set()

    def _has(self, node: onnx.NodeProto, op: str, number: float) -> bool:
        constant = [name for name in node.input if name in self.stored]
        if node.op_type != op or len(constant) != 1 or (op == "Div" and node.input[0] in constant):
            return False
        return self._is(constant[0], number)

    def _is(self, name: str, number: float) -> bool:
        values = numpy_helper.to_array(self.stored[name])
        return values.size == 1 and bool(np.isclose(values.item(), number, rtol=_CLOSE))

    def _only_user(
        self, node: onnx.NodeProto | None, fits: Callable[[onnx.NodeProto], bool]
    ) -> onnx.NodeProto | None:
        if node is None or any(item.name == node.output[0] for item in self.graph.output):
            return None
        users = [n for n in self.graph.node if node.output[0] in n.input]
        return users[0] if len(users) == 1 and fits(users[0]) else None

    def _unused(self, name: str, pattern: set[str]) -> bool:
        """Tell whether nothing but the pattern takes what a node gives."""
        node = next(n for n in self.graph.node if n.name == name)
        users = {n.name for n in self.graph.node if node.output[0] in n.input}
        given = any(item.name == node.output[0] for item in self.graph.output)
        return users <= pattern and not given
