"""Elementwise functions and comparisons, operands brought to one order of axes in memory."""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import helper

from ..keras import tf, tf_keras
from .builder import Constant, Node, Turn, operator
from .layout import Laid
from .operation import FUNCTIONS, function

if TYPE_CHECKING:
    from collections.abc import Callable

_L = tf_keras.layers
_ONE: dict[str, Callable[..., Any]] = {
    "Abs": tf.abs, "Neg": tf.negative, "Exp": tf.exp, "Log": tf.math.log, "Sqrt": tf.sqrt,
    "Floor": tf.floor, "Ceil": tf.math.ceil, "Round": tf.round, "Sign": tf.sign,
    "Sin": tf.sin, "Cos": tf.cos, "Not": tf.logical_not,
}  # fmt: skip
_TWO: dict[str, Callable[..., Any]] = {
    "Add": tf.add, "Sub": tf.subtract, "Mul": tf.multiply, "Pow": tf.pow, "Equal": tf.equal,
    "Greater": tf.greater, "Less": tf.less, "GreaterOrEqual": tf.greater_equal,
    "LessOrEqual": tf.less_equal, "And": tf.logical_and, "Or": tf.logical_or,
}  # fmt: skip
_MANY: dict[str, Callable[..., Any]] = {
    "Min": tf.minimum, "Max": tf.maximum, "Sum": tf.add,
}  # fmt: skip
#: Those that Keras has a layer of, for tensors of one rank.
_LAYERS = {"Add": _L.Add, "Sum": _L.Add, "Mul": _L.Multiply, "Sub": _L.Subtract}
FUNCTIONS.update({op.lower(): call for op, call in {**_ONE, **_TWO}.items()})


@function
def folded(*operands: Any, op: str) -> Any:
    """Combine any number of tensors by a function of two."""
    return reduce(_MANY[op], operands)


@function
def average(*operands: Any) -> Any:
    """Mean of any number of tensors."""
    return reduce(tf.add, operands) / float(len(operands))


@function
def reciprocal(x: Any) -> Any:
    """1 / x; TFLite has no operator for it."""
    return 1.0 / x


@function
def divided(x: Any, y: Any) -> Any:
    """Quotient of reals."""
    return tf.math.divide(x, y)


@function
def remainder(x: Any, y: Any, truncated: bool) -> Any:
    """With the sign of the dividend (`truncated`), else of the divisor."""
    return tf.math.floormod(x, y) if not truncated else x - y * tf.cast(
        tf.sign(x / y) * tf.floor(tf.abs(x / y)), x.dtype)  # fmt: skip


@function
def chosen(condition: Any, left: Any, right: Any) -> Any:
    """Choose by a condition."""
    return tf.where(condition, left, right)


@function
def converted(x: Any, dtype: str) -> Any:
    """Change the type."""
    return tf.cast(x, dtype)


@operator(*_ONE, "Reciprocal")
def one(node: Node) -> Laid:
    """Functions of one tensor."""
    laid = node.laid(0)
    return laid.giving(node.operate(node.op.lower(), laid.tensor))


@operator(*_TWO, *_MANY, "Mean", "Where", "Div", "Mod")
def several(node: Node) -> Laid:
    """Functions of several tensors, broadcast."""
    if node.name in node.builder.absorbed:
        return node.builder.absorbed[node.name]
    operands, like = aligned(node, range(len(node.proto.input)))
    if node.op in _LAYERS and _can_be_layer(operands):
        return like.giving(node.layer(_LAYERS[node.op], operands))
    name = node.op.lower()
    settings: dict[str, Any] = {}
    if node.op in _MANY:
        if len(operands) == 1:
            return like
        name, settings = "folded", {"op": node.op}
    elif node.op == "Mod":
        name, settings = "remainder", {"truncated": bool(node.attribute("fmod", 0))}
    else:
        name = {"Mean": "average", "Where": "chosen", "Div": "divided"}.get(node.op, name)
    if node.op in {"Pow", "Div"} and not like.tensor.dtype.is_floating:
        node.refuse("of integers (TFLite has no such operator)")
    return like.giving(node.operate(name, *operands, **settings))


def _can_be_layer(operands: list[Any]) -> bool:
    """Tell whether a layer of Keras takes these: real tensors of one rank and batch."""
    if len(operands) == 1 or any(isinstance(operand, Constant) for operand in operands):
        return False
    ranks = {len(operand.shape) for operand in operands}
    batches = {operand.shape[0] for operand in operands}
    real = all(operand.dtype == tf.float32 for operand in operands)
    return real and len(ranks) == len(batches) == 1


def aligned(node: Node, indices: range) -> tuple[list[Any], Laid]:
    """Return the operands in one order of axes, and a tensor that lies like the result.

    That is the order of the largest operand: the fewest numbers are moved.
    """
    computed = [node.laid(i) for i in indices if isinstance(node.input(i), Laid)]
    rank = max(len(node.shape(index)) for index in indices)
    if rank > max(laid.rank for laid in computed):
        node.refuse("a constant operand with more axes than the computed one")
    full = [laid for laid in computed if laid.rank == rank]
    like = max(full, key=lambda laid: (None in laid.shape, np.prod([n or 1 for n in laid.shape])))
    return [_operand(node, index, like) for index in indices], like


def _operand(node: Node, index: int, like: Laid) -> Any:
    value = node.input(index)
    missing = like.rank - len(node.shape(index))
    if isinstance(value, np.ndarray):
        shape = (1,) * missing + value.shape
        turned = value.reshape(shape).transpose(like.order)
        plain = turned.reshape(turned.shape[_leading_ones(turned.shape) :])
        return Constant(plain, node.proto.input[index], _back(value.shape, turned.shape, like))
    order = tuple(axis - missing for axis in like.order if axis >= missing)
    tensor = node.builder.turned(node.laid(index), order, node.proto.input[index]).tensor
    if order == like.order or missing == len([a for a in like.order[:missing] if a < missing]):
        return tensor  # TensorFlow broadcasts leading axes itself
    places = [place for place, axis in enumerate(like.order) if axis < missing]
    return node.operate("with_axes", tensor, suffix="_axes", places=places)


@function
def with_axes(x: Any, places: list[int]) -> Any:
    """Put axes of length 1 in, at these places of the result, in ascending order."""
    for place in places:
        x = tf.expand_dims(x, place)
    return x


def _leading_ones(shape: tuple[int, ...]) -> int:
    return next((place for place, length in enumerate(shape) if length != 1), len(shape))


def _back(shape: tuple[int, ...], turned: tuple[int, ...], like: Laid) -> Turn:
    back = tuple(np.argsort(like.order))
    return lambda values: values.reshape(turned).transpose(back).reshape(shape)


@operator("Cast")
def cast(node: Node) -> Laid:
    """Change the type; reals to integers towards zero in both."""
    dtype = helper.tensor_dtype_to_np_dtype(node.attribute("to"))
    if dtype.kind not in "fiub" or dtype.itemsize < 1 or dtype.name == "bfloat16":
        node.refuse(f"to = {dtype}")
    laid = node.laid(0)
    return laid.giving(node.operate("converted", laid.tensor, dtype=dtype.name))


@operator("Identity")
def identity(node: Node) -> Laid:
    """The same tensor."""
    return node.laid(0)
