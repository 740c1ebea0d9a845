"""Operators that compute each element for itself, from one tensor or from several that spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..node import Node

_UNARY = (
    "Abs", "Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Cast", "Ceil", "Celu", "Clip", "Cos",
    "Cosh", "Dropout", "Elu", "Erf", "Exp", "Floor", "Gelu", "HardSigmoid", "HardSwish",
    "Identity", "IsInf", "IsNaN", "LeakyRelu", "Log", "Mish", "Neg", "Not", "Reciprocal", "Relu",
    "Round", "Selu", "Shrink", "Sigmoid", "Sign", "Sin", "Sinh", "Softplus", "Softsign", "Sqrt",
    "Swish", "Tan", "Tanh", "ThresholdedRelu",
)  # fmt: skip
_SEVERAL = (
    "Add", "And", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Mean",
    "Min", "Mod", "Mul", "Or", "PRelu", "Pow", "Sub", "Sum", "Where", "Xor",
)  # fmt: skip


def _each(node: Node) -> None:
    """Let the channels of all inputs go together; constants lose theirs."""
    shape = node.out_shape()
    # Axes are counted from the end, as shapes spread.
    given = [i for i in range(len(node.inputs)) if node.channels(i) is not None]
    first, axis = given[0], 0
    for index in given:
        found = node.channels(index)
        if found is None:
            continue
        own = found.axis - len(node.shape(index))
        if len(found.ids) == 1 or (axis and own != axis):
            node.keep(found.ids, "spreads them over other axes")
        elif not axis:
            first, axis = index, own
    leading = node.channels(first)
    if not axis or leading is None:
        return
    for index in range(len(node.inputs)):
        rank = len(node.shape(index)) if node.has(index) else 0
        if index == first or rank < -axis or node.shape(index)[axis] == 1:
            continue
        if node.is_stored(index):
            node.cut(index, rank + axis, leading.ids)
        else:
            node.couple(leading.ids, node.along(index, axis))
    for output, name in enumerate(node.proto.output):
        if name:
            node.give(len(shape) + axis, leading.ids, output)


RULES = dict.fromkeys((*_UNARY, *_SEVERAL), _each)
