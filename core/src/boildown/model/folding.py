"""The constant side of a graph: which tensors are known without running it, and their values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ModelError
from .evaluate import evaluate, is_foldable
from .stored import constants_of

if TYPE_CHECKING:
    import numpy as np
    import onnx


class Constants:
    """What is constant in one graph, found in one pass and evaluated when asked."""

    def __init__(self, model: onnx.ModelProto) -> None:
        """Index the graph; nothing is computed yet."""
        self.stored = constants_of(model.graph)
        self._opset = next(
            (item.version for item in model.opset_import if item.domain in {"", "ai.onnx"}), 1
        )
        self._values: dict[str, np.ndarray] = {}
        self._producers: dict[str, tuple[int, onnx.NodeProto]] = {}
        known = set(self.stored)
        for position, node in enumerate(model.graph.node):
            if is_foldable(node) and all(not name or name in known for name in node.input):
                known.update(node.output)
                self._producers |= {name: (position, node) for name in node.output if name}
        self.names = frozenset(known - {""})

    def sources(self, name: str) -> set[str]:
        """Return the names of the stored tensors that `name` is computed from."""
        return self._ancestors(name)[1]

    def nodes(self, name: str) -> list[onnx.NodeProto]:
        """Return the nodes that compute `name`, in the order of the graph."""
        return self._ancestors(name)[0]

    def producer(self, name: str) -> onnx.NodeProto | None:
        """Return the node that computes `name`, None where it is stored."""
        return self._producers[name][1] if name in self._producers else None

    def value(self, name: str) -> np.ndarray:
        """Compute one constant tensor. Raises ModelError where it is none or grows too large."""
        for node in self.nodes(name):
            if node.output[0] not in self._values:
                inputs = [self._read(item) if item else None for item in node.input]
                results = evaluate(node, inputs, self._opset)
                self._values |= dict(zip(node.output, results, strict=False))
        return self._read(name)

    def _read(self, name: str) -> np.ndarray:
        if name not in self._values:
            if name not in self.stored:
                raise ModelError(f"the tensor {name!r} is not constant")
            self._values[name] = self.stored[name].array()
        return self._values[name]

    def _ancestors(self, name: str) -> tuple[list[onnx.NodeProto], set[str]]:
        nodes: dict[int, onnx.NodeProto] = {}
        sources: set[str] = set()
        waiting, seen = [name], {name}
        while waiting:
            current = waiting.pop()
            if current in self._producers:
                position, node = self._producers[current]
                nodes[position] = node
                fresh = {item for item in node.input if item} - seen
                seen |= fresh
                waiting.extend(sorted(fresh))
            elif current in self.stored:
                sources.add(current)
        return [nodes[position] for position in sorted(nodes)], sources
