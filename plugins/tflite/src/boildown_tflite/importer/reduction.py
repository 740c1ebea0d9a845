"""Reductions over axes, wherever these lie in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..keras import tf, tf_keras
from .builder import Node, operator
from .layout import Laid, channels_last
from .operation import function

if TYPE_CHECKING:
    from collections.abc import Callable


def _log_of_exponentials(x: Any, axes: list[int], keep: bool) -> Any:
    """Logarithm of the sum of exponentials, in operators that TFLite has."""
    most = tf.reduce_max(x, axes, keepdims=True)
    total = tf.math.log(tf.reduce_sum(tf.exp(x - most), axes, keepdims=True)) + most
    return total if keep else tf.squeeze(total, axes)


_REDUCE: dict[str, Callable[..., Any]] = {
    "ReduceMean": tf.reduce_mean,
    "ReduceSum": tf.reduce_sum,
    "ReduceMax": tf.reduce_max,
    "ReduceMin": tf.reduce_min,
    "ReduceProd": tf.reduce_prod,
    "ReduceL1": lambda x, axes, keep: tf.reduce_sum(tf.abs(x), axes, keep),
    "ReduceL2": lambda x, axes, keep: tf.sqrt(tf.reduce_sum(x * x, axes, keep)),
    "ReduceSumSquare": lambda x, axes, keep: tf.reduce_sum(x * x, axes, keep),
    "ReduceLogSum": lambda x, axes, keep: tf.math.log(tf.reduce_sum(x, axes, keep)),
    "ReduceLogSumExp": _log_of_exponentials,
}


@function
def reduced(x: Any, op: str, axes: list[int], keep: bool) -> Any:
    """Reduce over axes in memory."""
    return _REDUCE[op](x, axes, keep)


@function
def position(x: Any, largest: bool, axis: int, keep: bool) -> Any:
    """Where the largest or smallest is, the first of equal ones."""
    found = (tf.argmax if largest else tf.argmin)(x, axis)
    return tf.expand_dims(found, axis) if keep else found


@operator(*_REDUCE)
def reduce(node: Node) -> Laid:
    """Axes are an attribute or, in later opsets, an input; without any all are meant."""
    given = node.constant(1, "its axes")
    axes = node.attribute("axes") if given is None else given.tolist()
    if not axes and node.attribute("noop_with_empty_axes", 0):
        return node.laid(0)
    laid, keep = node.laid(0), bool(node.attribute("keepdims", 1))
    axes = sorted({int(axis) % laid.rank for axis in axes} if axes else range(laid.rank))
    if node.op == "ReduceMean" and axes == [2, 3] and laid.order == channels_last(4):
        layer = tf_keras.layers.GlobalAveragePooling2D
        output = node.layer(layer, laid.tensor, keepdims=keep)
    else:
        places = sorted(laid.at(axis) for axis in axes)
        output = node.operate("reduced", laid.tensor, op=node.op, axes=places, keep=keep)
    return laid.giving(output, laid.order if keep else without(laid.order, axes))


def without(order: tuple[int, ...], axes: list[int]) -> tuple[int, ...]:
    """Return the order of what is left when axes go."""
    return tuple(a - sum(gone < a for gone in axes) for a in order if a not in axes)


@operator("ArgMax", "ArgMin")
def arg(node: Node) -> Laid:
    """The first of equal ones."""
    node.expect(select_last_index=0)
    laid, keep = node.laid(0), bool(node.attribute("keepdims", 1))
    axis = node.attribute("axis", 0) % laid.rank
    output = node.operate(
        "position", laid.tensor, largest=node.op == "ArgMax", axis=laid.at(axis), keep=keep
    )
    return laid.giving(output, laid.order if keep else without(laid.order, [axis]))
