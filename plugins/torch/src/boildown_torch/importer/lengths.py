"""Arithmetic on shapes as Python integers: what exporters write around Reshape and Expand.

`Shape` gives a list of integers. Under `torch.export` the open batch is a symbol among them, and
plain Python arithmetic keeps it one; tensors of lengths would depend on data.
"""

from __future__ import annotations

import math
import operator as op
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto
from torch import fx

if TYPE_CHECKING:
    from collections.abc import Callable

    from .builder import Node

#: A number or a flat list of numbers.
Lengths = Any


def _operands(node: Node) -> list[Any]:
    return [
        value.tolist() if isinstance(value, np.ndarray) else value
        for value in node.inputs
        if value is not None
    ]


def _pairwise(node: Node) -> fx.Node | None:
    if not all(_is_length_like(node, index) for index in range(len(node.inputs))):
        return None
    return node.call(both, node.proto.op_type, *_operands(node))


def _is_length_like(node: Node, index: int) -> bool:
    value = node.input(index)
    return node.is_length(index) or (isinstance(value, np.ndarray) and value.ndim <= 1)


def both(operator: str, left: Lengths, right: Lengths) -> Lengths:
    """Apply an operator of two numbers to numbers or lists, single ones repeated."""
    function = _PAIRS[operator]
    if not isinstance(left, list) and not isinstance(right, list):
        return function(left, right)
    left = left if isinstance(left, list) else [left]
    right = right if isinstance(right, list) else [right]
    count = max(len(left), len(right))
    left, right = (x * count if len(x) == 1 else x for x in (left, right))
    return [function(a, b) for a, b in zip(left, right, strict=True)]


def divided(left: Any, right: Any) -> Any:  # noqa: ANN401 - a number or a symbol
    """Divide as ONNX does: integers towards zero (lengths are not negative)."""
    whole = not isinstance(left, float) and not isinstance(right, float)
    return left // right if whole else left / right


def chosen(condition: Lengths, left: Lengths, right: Lengths) -> Lengths:
    """Choose numbers by conditions."""
    if not isinstance(condition, list):
        return left if condition else right
    count = len(condition)
    left, right = (x if isinstance(x, list) else [x] for x in (left, right))
    left, right = (x * count if len(x) == 1 else x for x in (left, right))
    return [a if c else b for c, a, b in zip(condition, left, right, strict=True)]


def equal(left: Any, right: Any) -> bool:  # noqa: ANN401 - a number or a symbol
    """Compare without asking anything of a symbol: an open length is no given number below 2."""
    if isinstance(left, int) and isinstance(right, int):
        return left == right
    constant = left if isinstance(left, int) else right
    if isinstance(constant, int) and constant < 1:
        return False
    return bool(left == right)


def joined(parts: list[Lengths]) -> list[Any]:
    """Put lists one after the other."""
    return [item for part in parts for item in (part if isinstance(part, list) else [part])]


def taken(data: list[Any], index: Any) -> Lengths:  # noqa: ANN401 - a number or a list
    """Take items by place."""
    return [data[i] for i in index] if isinstance(index, list) else data[index]


def cut(data: list[Any], start: int, stop: int, step: int) -> list[Any]:
    """Return a slice."""
    return data[start:stop:step]


def as_list(data: Lengths) -> list[Any]:
    """Return a list whatever the rank."""
    return data if isinstance(data, list) else [data]


def as_number(data: Lengths) -> Any:  # noqa: ANN401 - a number or a symbol
    """Return the only number."""
    return data[0] if isinstance(data, list) else data


def product(data: Lengths) -> Any:  # noqa: ANN401 - a number or a symbol
    """Multiply all numbers."""
    return math.prod(as_list(data))


def root(data: Lengths) -> Lengths:
    """Take square roots."""
    return [x**0.5 for x in data] if isinstance(data, list) else data**0.5


def real(data: Lengths) -> Lengths:
    """Turn integers into reals."""
    return [x * 1.0 for x in data] if isinstance(data, list) else data * 1.0


def _gather(node: Node) -> fx.Node | None:
    if not node.is_length(0) or not _is_length_like(node, 1):
        return None
    return node.call(taken, *_operands(node))


def _slice(node: Node) -> fx.Node | None:
    if not node.is_length(0) or any(isinstance(value, fx.Node) for value in node.inputs[1:]):
        return None
    starts = node.constant(1, "its start")
    stops, steps = node.constant(2, "its end"), node.constant(4, "its step")
    step = 1 if steps is None else int(steps.item())
    if starts is None or stops is None:
        return None
    return node.call(cut, node.input(0), int(starts.item()), int(stops.item()), step)


_INTEGERS = {TensorProto.INT32, TensorProto.INT64}


def _cast(node: Node) -> fx.Node | None:
    if node.attribute("to") not in {*_INTEGERS, TensorProto.FLOAT}:
        return None
    return node.call(unchanged if node.attribute("to") in _INTEGERS else real, node.input(0))


def unchanged(data: Lengths) -> Lengths:
    """Leave lengths as they are."""
    return data


def _one(function: Callable[[Lengths], Lengths]) -> Callable[[Node], fx.Node | None]:
    return lambda node: node.call(function, node.input(0)) if node.is_length(0) else None


def _product(node: Node) -> fx.Node | None:
    if not node.is_length(0):
        return None
    found = node.call(product, node.input(0))
    return node.call(as_list, found) if node.attribute("keepdims", 1) else found


def _reshape(node: Node) -> fx.Node | None:
    if not node.is_length(0):
        return None
    shape = node.constant(1, "its shape")
    return node.call(as_number if shape is None or shape.size == 0 else as_list, node.input(0))


def _shape(node: Node) -> np.ndarray:
    """Return how many lengths there are: that is never open."""
    return np.array(node.shape(), np.int64)


#: Functions of two numbers by operator.
_PAIRS: dict[str, Callable[[Any, Any], Any]] = {
    "Add": op.add, "Sub": op.sub, "Mul": op.mul, "Div": divided, "Mod": op.mod,
    "Min": min, "Max": max, "Equal": equal,
}  # fmt: skip


#: Operators that keep lengths lengths; a translation may decline and leave it to the tensors'.
LENGTHS: dict[str, Callable[[Node], Any]] = {
    **dict.fromkeys(_PAIRS, _pairwise),
    "Where": lambda node: (
        node.call(chosen, *_operands(node))
        if all(_is_length_like(node, index) for index in range(3))
        else None
    ),
    "Concat": lambda node: (
        node.call(joined, _operands(node))
        if all(_is_length_like(node, index) for index in range(len(node.inputs)))
        else None
    ),
    "Gather": _gather,
    "Shape": _shape,
    "Slice": _slice,
    "Cast": _cast,
    "Unsqueeze": _one(as_list),
    "Squeeze": _one(as_number),
    "Reshape": _reshape,
    "Identity": _one(unchanged),
    "ReduceProd": _product,
    "Sqrt": _one(root),
}
