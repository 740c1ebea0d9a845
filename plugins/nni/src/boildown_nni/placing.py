"""Which tensors of an ONNX graph are rounded: at the layers to quantize and at what lies beside.

ONNX Runtime computes in integers what stands between DequantizeLinear and QuantizeLinear; one
tensor left in float32 (an addition, a concatenation) costs two conversions and a float kernel.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from boildown import initializers

if TYPE_CHECKING:
    from collections.abc import Collection

    from onnx import ModelProto, NodeProto

#: Activations that vanish in the rounding of what they give.
_BOUNDS = frozenset({"Relu", "Clip"})
#: Operators whose result needs a scale of its own.
_MIXERS = frozenset(
    {"Add", "Mul", "Concat", "Sigmoid", "LeakyRelu", "AveragePool", "GlobalAveragePool"}
)
#: Operators that only choose and move numbers, so that the scale of their input holds.
_MOVERS = frozenset({"MaxPool", "Flatten", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Slice"})
_BETWEEN = _BOUNDS | _MIXERS | _MOVERS
#: They keep the order of scores, and have no integer kernel.
_SCORES = frozenset({"Softmax", "LogSoftmax"})
#: Operators that ONNX Runtime computes together with an activation behind them.
_BOUNDABLE = frozenset({"Conv", "Gemm", "Add"})
#: Their integer kernel has no other than a rounded result.
_ROUNDED = frozenset({"Conv"})


@dataclass(frozen=True, slots=True)
class Places:
    """Tensors that are rounded."""

    #: With a range of their own, in the order of the graph.
    points: tuple[str, ...]
    #: With the range of another, which is one of the points.
    moved: dict[str, str] = field(default_factory=dict)


def places(model: ModelProto, chosen: Collection[str]) -> Places:
    """Return where to round for the layers of the nodes `chosen`, by name.

    Outputs of the graph stay as they are, except where a convolution gives them.
    """
    return _Placing(model, set(chosen)).places()


class _Placing:
    def __init__(self, model: ModelProto, chosen: set[str]) -> None:
        self._constants = set(initializers(model))
        self._nodes = list(model.graph.node)
        self._outputs = {item.name for item in model.graph.output}
        self._made = {name: node for node in self._nodes for name in node.output}
        self._readers: dict[str, list[NodeProto]] = defaultdict(list)
        for node in self._nodes:
            for name in node.input:
                self._readers[name].append(node)
        self._chosen = chosen
        self._near = self._beside()

    def places(self) -> Places:
        rounded = {
            name
            for node in self._nodes
            if node.name in self._near and not self._vanishes(node)
            for name in self._taken(node)
        }
        rounded |= {
            node.output[0]
            for node in self._nodes
            if node.name in self._near and not self._is_end(node) and not self._is_fused(node)
        }
        moved: dict[str, str] = {}
        points = []
        for name in self._in_order(rounded):
            node = self._made.get(name)
            if node is not None and node.name in self._near and node.op_type in _MOVERS:
                source = node.input[0]
                moved[name] = moved.get(source, source)
            else:
                points.append(name)
        return Places(tuple(points), moved)

    def _beside(self) -> set[str]:
        """Return the chosen nodes and those beside them, over any number of nodes that qualify."""
        near = set(self._chosen)
        waiting = [node for node in self._nodes if node.name in near]
        while waiting:
            node = waiting.pop()
            before = [self._made[name] for name in self._taken(node) if name in self._made]
            for other in (*before, *self._readers[node.output[0]]):
                if other.op_type in _BETWEEN and other.name not in near:
                    near.add(other.name)
                    waiting.append(other)
        return near

    def _taken(self, node: NodeProto) -> list[str]:
        """Return the tensors that a node computes with, constants aside."""
        many = node.op_type in {"Add", "Mul", "Concat"}
        names = node.input if many else node.input[:1]
        return [name for name in names if name and name not in self._constants]

    def _is_fused(self, node: NodeProto) -> bool:
        """Tell whether nothing but what is computed together with a node reads it."""
        readers = self._readers[node.output[0]]
        if node.output[0] in self._outputs or not readers:
            return False
        if node.op_type == "MatMul":  # with its bias, which becomes a Gemm
            return len(readers) == 1 and readers[0].op_type == "Add" and self._adds(readers[0])
        return node.op_type in _BOUNDABLE and all(one.op_type in _BOUNDS for one in readers)

    def _adds(self, node: NodeProto) -> bool:
        return any(name in self._constants for name in node.input)

    def _vanishes(self, node: NodeProto) -> bool:
        """Tell whether a node is computed together with the one before it."""
        maker = self._made.get(node.input[0]) if node.input else None
        return maker is not None and maker.name in self._near and self._is_fused(maker)

    def _is_end(self, node: NodeProto) -> bool:
        """Tell whether a node gives an output, or what is only moved to become one."""
        if node.op_type in _ROUNDED:
            return False
        name = node.output[0]
        if name in self._outputs:
            return not self._readers[name]
        readers = self._readers[name]
        return (
            len(readers) == 1
            and readers[0].op_type in {*_MOVERS, *_SCORES, "Identity"} - {"MaxPool"}
            and self._is_end(readers[0])
        )

    def _in_order(self, names: set[str]) -> list[str]:
        made = [name for node in self._nodes for name in node.output if name in names]
        return [*sorted(names - set(made)), *made]
