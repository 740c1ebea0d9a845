"""onnx2coreml's converter, with what it would lower inexactly lowered by rules of ours or refused.

Every value is held against the shape that ONNX infers for it, so that a rule which overlooks an
attribute is found out.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NoReturn

from boildown import UnsupportedError

from ..toolkit import onnx2coreml, silently

with silently():
    from onnx2coreml._lowering import LoweringContext, resolve
    from onnx2coreml._utils import get_attr, op_key
    from onnx2coreml.converter import Converter

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import ModelProto, NodeProto

    Rule = Callable[[LoweringContext, NodeProto], Any]

RULES: dict[str, Rule] = {}


class Inexact(Exception):  # noqa: N818 - a reason on its way to an UnsupportedError
    """A node has no form in Core ML that computes the same."""


def rule(*operators: str) -> Callable[[Rule], Rule]:
    """Register how operators of ONNX are lowered, in place of onnx2coreml's rule."""

    def register(lower: Rule) -> Rule:
        RULES.update(dict.fromkeys(operators, lower))
        return lower

    return register


def theirs(context: LoweringContext, node: NodeProto) -> Any:
    """Lower a node by onnx2coreml's own rule."""
    lower = resolve(op_key(node))
    assert lower is not None  # noqa: S101 - a rule of ours stands in for it
    return lower(context, node)


def attribute(node: NodeProto, name: str, default: Any) -> Any:
    """Return an attribute of a node; texts as `str`."""
    value = get_attr(node, name, default)
    return value.decode() if isinstance(value, bytes) else value


class ExactConverter(Converter):
    """Lowers a prepared graph; `problems` collects what cannot be lowered exactly."""

    def __init__(self, model: ModelProto) -> None:
        """Take the shapes that the values of `model` must have."""
        super().__init__()
        for operator, lower in RULES.items():
            self.register(operator)(lower)
        self._shapes: dict[str, tuple[int, ...]] = {}
        for value in (*model.graph.value_info, *model.graph.output):
            lengths = value.type.tensor_type.shape.dim
            if value.type.tensor_type.HasField("shape") and all(
                n.HasField("dim_value") for n in lengths
            ):
                self._shapes[value.name] = tuple(n.dim_value for n in lengths)

    def _lower_node(self, ctx: LoweringContext, node: NodeProto) -> None:
        try:
            super()._lower_node(ctx, node)
        except onnx2coreml.errors.ConversionError as error:
            _refuse(node, str(error.cause))
        for name in node.output:
            wanted, made = self._shapes.get(name), ctx.values_map.get(name)
            if wanted is not None and made is not None and tuple(made.shape) != wanted:
                _refuse(node, f"it would give the shape {tuple(made.shape)}, not {wanted}")

    def _check_coverage(self, graph: Any) -> None:
        missing: dict[str, list[str]] = defaultdict(list)
        for node in graph.node:
            key = op_key(node)
            if key not in self._custom and resolve(key) is None:
                missing[key].append(node.name)
        found = [
            f"{operator} (node {names[0]!r}"
            + (f" and {len(names) - 1} more)" if names[1:] else ")")
            for operator, names in sorted(missing.items())
        ]
        if found:
            raise UnsupportedError(f"Core ML has no operator for: {', '.join(found)}")


def _refuse(node: NodeProto, reason: str) -> NoReturn:
    text = " ".join(reason.split())
    raise UnsupportedError(f"Core ML cannot take node {node.name!r} ({op_key(node)}): {text}")
