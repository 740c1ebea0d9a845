"""Gather, Slice, Split and Pad along the axes that lie in memory."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..keras import tf, tf_keras
from .builder import Constant, Node, operator, same
from .layout import Laid, channels_last, onnx_order
from .lengths import Lengths, counted
from .operation import function
from .reduction import without
from .shaping import axes_of, multiple, reshaped

_L = tf_keras.layers
_MATRIX = 2


@function
def taken(x: Any, places: Any, axis: int) -> Any:
    """Take entries along an axis."""
    return tf.gather(x, tf.constant(places, tf.int32), axis=axis)


@function
def looked_up(x: Any, index: Any, axis: int, length: int) -> Any:
    """Take entries at computed places; negative ones count from the end."""
    return tf.gather(x, tf.where(index < 0, index + length, index), axis=axis)


@function
def wrapped(index: Any, length: int) -> Any:
    """Count negative places from the end."""
    return tf.where(index < 0, index + length, index)


@function
def cut(x: Any, cuts: list[list[int | None]]) -> Any:
    """Take [start, stop, step] along each axis."""
    return x[tuple(slice(*each) for each in cuts)]


@function
def parted(x: Any, sizes: list[int], axis: int) -> Any:
    """Split; into equal parts TFLite has a simpler operator."""
    return tf.split(x, len(sizes) if len(set(sizes)) == 1 else sizes, axis)


@function
def padded_with(x: Any, pads: list[list[int]], value: float) -> Any:
    """Pad with a number."""
    return tf.pad(x, pads, constant_values=tf.cast(value, x.dtype))


@function
def cumulated(x: Any, axis: int, exclusive: bool, reverse: bool) -> Any:
    """Cumulative sum."""
    return tf.cumsum(x, axis, exclusive, reverse)


@operator("Gather")
def gather(node: Node) -> Laid:
    """A constant table of vectors is an `Embedding`."""
    data, index, axis = node.input(0), node.input(1), node.attribute("axis", 0)
    if isinstance(data, np.ndarray):
        return _embedding(node, data, axis)
    laid = node.laid(0)
    axis %= laid.rank
    length = laid.shape[axis]
    shape = counted(index) if isinstance(index, Lengths) and laid.rank == 1 else None
    if shape is not None:
        return reshaped(node, laid, [multiple(length) for length in shape])
    if length is None:
        node.refuse("places on an axis of open length")
    if isinstance(index, Laid):
        laid, index = node.plain(0), node.plain(1)
        output = node.operate("looked_up", laid.tensor, index.tensor, axis=axis, length=length)
        return laid.giving(output, onnx_order(len(output.shape)))
    places = np.asarray(node.constant(1, "its places"))
    if (places < -length).any() or (places >= length).any():
        node.refuse("a place outside the axis")
    places = np.where(places < 0, places + length, places)
    if places.ndim > 1:
        laid = node.plain(0)
    output = node.operate("taken", laid.tensor, places=places.tolist(), axis=laid.at(axis))
    if places.ndim == 0:
        return laid.giving(output, without(laid.order, [axis]))
    return laid.giving(output, laid.order if places.ndim == 1 else onnx_order(len(output.shape)))


def _embedding(node: Node, table: np.ndarray, axis: int) -> Laid:
    laid = node.plain(1)
    if axis != 0 or table.ndim != _MATRIX or table.dtype != np.float32:
        constant = Constant(table, node.proto.input[0], same)
        axis %= table.ndim
        output = node.operate(
            "looked_up", constant, laid.tensor, axis=axis, length=table.shape[axis]
        )
        return laid.giving(output, onnx_order(len(output.shape)))
    index = node.operate("wrapped", laid.tensor, suffix="_place", length=len(table))
    output = node.layer(_L.Embedding, index, *table.shape)
    node.set(output, embeddings=(0, table, same))
    return laid.giving(output, onnx_order(laid.rank + 1))


@operator("Slice")
def slice_of(node: Node) -> Laid:
    """Bounds are attributes before opset 10; an open axis is only passed on whole."""
    laid = node.laid(0)
    starts, ends = _bounds(node, 1, "starts"), _bounds(node, 2, "ends")
    given, steps = axes_given(node, 3), axes_given(node, 4, "steps")
    if starts is None or ends is None:
        node.refuse("its bounds are missing")
    axes = list(range(len(starts))) if given is None else [axis % laid.rank for axis in given]
    cuts: list[list[int | None]] = [[None, None, None] for _ in range(laid.rank)]
    for axis, start, end, step in zip(axes, starts, ends, steps or [1] * len(axes), strict=True):
        length = laid.shape[axis]
        if length is None:
            if start != 0 or end < np.iinfo(np.int32).max or step != 1:
                node.refuse("it cuts the open axis")
            continue
        first, last, _ = slice(start, end, step).indices(length)
        cuts[laid.at(axis)] = [first, None if last < 0 else last, step]
    if all(each == [None, None, None] for each in cuts):
        return laid
    return laid.giving(node.operate("cut", laid.tensor, cuts=cuts))


def _bounds(node: Node, index: int, name: str) -> list[int] | None:
    """Return bounds; one that grows with the batch is the end of the open axis or beyond."""
    found = node.lengths(index, f"its {name}")
    if found is None:
        given = node.attribute(name)
        return None if given is None else [int(x) for x in given]
    if any(length.open for length in found):
        node.refuse(f"its {name} follow the batch")
    return [length.count for length in found]


def axes_given(node: Node, index: int, name: str = "axes") -> list[int] | None:
    """Return constant integers, an input or an attribute."""
    value = node.constant(index, f"its {name}")
    found = node.attribute(name) if value is None else value.reshape(-1).tolist()
    return None if found is None else [int(x) for x in found]


@operator("Split")
def split(node: Node) -> list[Laid]:
    """By lengths, or into equal parts of which the last may be shorter."""
    laid, outputs = node.laid(0), len(node.proto.output)
    axis = node.attribute("axis", 0) % laid.rank
    whole = laid.shape[axis]
    if whole is None:
        node.refuse("it cuts the open axis")
    given = node.constant(1, "its lengths")
    sizes = node.attribute("split") if given is None else given.tolist()
    if sizes is None:
        each = -(-whole // node.attribute("num_outputs", outputs))
        sizes = [min(each, whole - start) for start in range(0, whole, each)]
    parts = node.operate("parted", laid.tensor, sizes=list(sizes), axis=laid.at(axis))
    return [laid.giving(part) for part in parts]


@operator("Pad")
def pad(node: Node) -> Laid:
    """With a constant, the border's number, mirrored, or from the other side."""
    mode, laid = node.attribute("mode", "constant"), node.laid(0)
    if mode not in {"constant", "reflect", "edge", "wrap"}:
        node.refuse(f"mode = {mode}")
    pads = axes_given(node, 1, "pads") or []
    given = axes_of(node, 3) if len(node.proto.input) > 1 else None
    axes = list(range(laid.rank)) if given is None else [axis % laid.rank for axis in given]
    sides = {a: (pads[i], pads[i + len(axes)]) for i, a in enumerate(axes)}
    if any(side < 0 for pair in sides.values() for side in pair):
        node.refuse(f"pads = {pads} cut off")
    sides = {axis: pair for axis, pair in sides.items() if pair != (0, 0)}
    if any(laid.shape[axis] is None for axis in sides):
        node.refuse("it pads the open axis")
    if mode != "constant":
        return _mirrored(node, laid, sides, mode)
    value = node.constant(2, "its value")
    number = node.attribute("value", 0.0) if value is None else value.item()
    if number == 0 and laid.order == channels_last(4) and set(sides) <= {2, 3}:
        pairs = tuple(sides.get(axis, (0, 0)) for axis in (2, 3))
        return laid.giving(node.layer(_L.ZeroPadding2D, laid.tensor, pairs))
    places = [list(sides.get(axis, (0, 0))) for axis in laid.order]
    return laid.giving(node.operate("padded_with", laid.tensor, pads=places, value=number))


def _mirrored(node: Node, laid: Laid, sides: dict[int, tuple[int, int]], mode: str) -> Laid:
    output = laid.tensor
    for axis, pair in sides.items():
        places = np.pad(np.arange(laid.shape[axis] or 0), pair, mode=mode)  # type: ignore[call-overload]
        suffix = "" if len(sides) == 1 else f"_{axis}"
        output = node.operate(
            "taken", output, suffix=suffix, places=places.tolist(), axis=laid.at(axis)
        )
    return laid.giving(output)


@operator("CumSum")
def cumsum(node: Node) -> Laid:
    """From the first on, or backwards."""
    laid, axis = node.laid(0), node.needed(1, "its axis")
    output = node.operate(
        "cumulated",
        laid.tensor,
        axis=laid.at(int(axis.item())),
        exclusive=bool(node.attribute("exclusive", 0)),
        reverse=bool(node.attribute("reverse", 0)),
    )
    return laid.giving(output)
