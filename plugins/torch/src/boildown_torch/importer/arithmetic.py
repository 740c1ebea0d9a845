"""Elementwise functions and comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from onnx import TensorProto
from torch import Tensor, fx

from .builder import DTYPES, Node, operator

if TYPE_CHECKING:
    from collections.abc import Callable

_INTEGERS = {
    TensorProto.INT8, TensorProto.INT16, TensorProto.INT32, TensorProto.INT64,
    TensorProto.UINT8, TensorProto.UINT16, TensorProto.UINT32, TensorProto.UINT64,
}  # fmt: skip
_ONE: dict[str, Callable[..., Any]] = {
    "Abs": torch.abs, "Neg": torch.neg, "Exp": torch.exp, "Log": torch.log, "Sqrt": torch.sqrt,
    "Erf": torch.erf, "Reciprocal": torch.reciprocal, "Floor": torch.floor, "Ceil": torch.ceil,
    "Round": torch.round, "Sign": torch.sign, "Sin": torch.sin, "Cos": torch.cos,
    "Tan": torch.tan, "Asin": torch.asin, "Acos": torch.acos, "Atan": torch.atan,
    "Sinh": torch.sinh, "Cosh": torch.cosh, "Asinh": torch.asinh, "Acosh": torch.acosh,
    "Atanh": torch.atanh, "Not": torch.logical_not, "IsNaN": torch.isnan,
}  # fmt: skip
_TWO: dict[str, Callable[..., Any]] = {
    # As `+` and so on: the quantizers and pruners know both forms.
    "Add": torch.add, "Sub": torch.sub, "Mul": torch.mul,
    "Equal": torch.eq, "Greater": torch.gt, "Less": torch.lt,
    "GreaterOrEqual": torch.ge, "LessOrEqual": torch.le,
    "And": torch.logical_and, "Or": torch.logical_or, "Xor": torch.logical_xor,
}  # fmt: skip


@operator(*_ONE)
def one(node: Node) -> fx.Node:
    """Functions of one tensor."""
    return node.call(_ONE[node.proto.op_type], node.tensor(0))


@operator(*_TWO)
def two(node: Node) -> fx.Node:
    """Functions of two tensors, broadcast."""
    if node.name in node.builder.absorbed:
        return node.builder.absorbed[node.name]
    return node.call(_TWO[node.proto.op_type], *_pair(node))


@operator("Div")
def div(node: Node) -> fx.Node:
    """Integers are divided towards zero."""
    if node.builder.types.get(node.proto.output[0]) in _INTEGERS:
        return node.call(torch.div, *_pair(node), rounding_mode="trunc")
    return node.call(torch.div, *_pair(node))


@operator("Pow")
def power(node: Node) -> fx.Node:
    """The result has the type of the base."""
    base, exponent = _pair(node)
    if node.builder.types.get(node.proto.input[0]) in _INTEGERS:
        node.refuse("integer powers")
    return node.call(torch.pow, base, exponent)


@operator("Mod")
def modulo(node: Node) -> fx.Node:
    """`fmod` has the sign of the dividend, else the divisor's."""
    function = torch.fmod if node.attribute("fmod", 0) else torch.remainder
    return node.call(function, *_pair(node))


@operator("Min", "Max")
def extreme(node: Node) -> fx.Node:
    """Of any number of tensors."""
    function = torch.minimum if node.proto.op_type == "Min" else torch.maximum
    found = node.tensor(0)
    for index in range(1, len(node.proto.input)):
        found = node.call(function, found, node.tensor(index))
    return found


@operator("Sum", "Mean")
def total(node: Node) -> fx.Node:
    """Of any number of tensors."""
    count, found = len(node.proto.input), node.tensor(0)
    for index in range(1, count):
        found = node.call(torch.add, found, node.tensor(index))
    return found if node.proto.op_type == "Sum" else node.call(torch.div, found, float(count))


@operator("Where")
def where(node: Node) -> fx.Node:
    """Choose by a condition."""
    return node.call(torch.where, *(node.tensor(index) for index in range(3)))


@operator("Cast")
def cast(node: Node) -> fx.Node:
    """Change the type; reals to integers towards zero in both."""
    to = node.attribute("to")
    if to not in DTYPES:
        node.refuse(f"to = {TensorProto.DataType.Name(to)}")
    return node.call(as_type, node.tensor(0), DTYPES[to])


def as_type(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Convert."""
    return x.to(dtype)


@operator("Identity")
def identity(node: Node) -> fx.Node:
    """The same tensor."""
    return node.tensor(0)


def _pair(node: Node) -> tuple[Any, Any]:
    """Return both operands; constants of one element as numbers, which keeps the graph simple."""
    return _operand(node, 0), _operand(node, 1)


def _operand(node: Node, index: int) -> Any:  # noqa: ANN401 - a number or a tensor
    value = node.input(index)
    if node.is_length(index) and node.rank(index) == 0:
        return value
    other = node.input(1 - index)
    if not isinstance(value, np.ndarray) or isinstance(other, np.ndarray):
        return node.tensor(index)
    small = value.size == 1 and (value.ndim == 0 or value.ndim <= _rank(node, 1 - index))
    return value.item() if small else node.tensor(index)


def _rank(node: Node, index: int) -> int:
    return (
        -1 if node.is_length(index) else len(node.builder.shapes.get(node.proto.input[index], ()))
    )
