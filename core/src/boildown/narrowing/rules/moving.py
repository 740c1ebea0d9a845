"""Operators that move elements to other places: channels go where their elements go."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..node import Node, Stay

if TYPE_CHECKING:
    from ..classes import Ids
    from ..writing import Writing

#: The input of Resize that holds the new lengths.
_SIZES = 3


def _full(node: Node) -> np.ndarray:
    """Return the channel of every element of the first input."""
    found, shape = node.channels(), node.shape()
    if found is None:
        raise Stay("takes them as numbers")
    spread = [1] * len(shape)
    spread[found.axis] = shape[found.axis]
    return np.broadcast_to(found.ids.reshape(spread), shape)


def _transpose(node: Node) -> None:
    found, rank = node.channels(), len(node.shape())
    order = list(node.attribute("perm", range(rank)[::-1]))
    if found is not None:
        node.give(order.index(found.axis), found.ids)


def _regroup(node: Node) -> None:
    """Follow new axes for the same elements in the same order."""
    node.give_all(_full(node).reshape(node.out_shape()))


def _reshape(node: Node) -> None:
    """Follow new axes whose lengths are written anew when it is known which channels stay."""
    _regroup(node)
    name = node.proto.output[0]
    open_axes = node.flow.open[name]
    if len(open_axes) > 1:
        raise Stay("has several axes whose lengths depend on the batch")
    node.later(partial(_write_shape, node.index, name, open_axes))


def _write_shape(index: int, name: str, open_axes: set[int], out: Writing) -> None:
    shape = [-1 if axis in open_axes else n for axis, n in enumerate(out.shape(name))]
    out.set_constant(index, 1, np.array(shape, np.int64))
    out.set_attribute(index, "allowzero", None)


def _expand(node: Node) -> None:
    """Follow copies along axes that had one element, or none."""
    found, shape = node.channels(), node.out_shape()
    if found is None or len(found.ids) == 1:
        raise Stay("makes copies of them")
    own = found.axis - len(node.shape())
    _size_follows(node, 1, own, found.ids)
    node.give(len(shape) + own, found.ids)


def _resize(node: Node) -> None:
    """Follow a change of the axes behind the channels."""
    found = node.channels()
    if found is None or found.axis != 1 or node.out_shape()[1] != len(found.ids):
        raise Stay("changes how many there are")
    if node.has(_SIZES):
        if node.attribute("axes") is None:
            _size_follows(node, _SIZES, 1 - len(node.shape()), found.ids)
        elif 1 in [axis % len(node.shape()) for axis in node.attribute("axes")]:
            raise Stay("is told how many there are")
    node.give(1, found.ids)


def _size_follows(node: Node, index: int, axis: int, ids: Ids) -> None:
    """See to it that an input of lengths holds how many channels stay; `axis` from the end."""
    lengths, sizes = node.flow.lengths.get(node.inputs[index]), node.value(index)
    if sizes is not None:
        if -axis <= len(sizes) and sizes[axis] != 1:
            node.later(partial(_write_size, (node.index, index), sizes, axis, ids))
    elif lengths is None or not lengths.marks[axis]:
        raise Stay("computes a shape that counts them")


def _write_size(use: tuple[int, int], sizes: np.ndarray, axis: int, ids: Ids, out: Writing) -> None:
    changed = sizes.copy()
    changed[axis] = out.count(ids)
    out.set_constant(*use, changed)


def _depth_to_space(node: Node) -> None:
    """Follow channels that become pixels: those of one block go together."""
    node.ids(0, 1)
    full, side = _full(node), node.attribute("blocksize")
    batch, count, height, width = full.shape
    deep = count // side**2
    if node.attribute("mode", "DCR") == "DCR":
        blocks = full.reshape(batch, side, side, deep, height, width).transpose(0, 3, 4, 1, 5, 2)
    else:
        blocks = full.reshape(batch, deep, side, side, height, width).transpose(0, 1, 4, 2, 5, 3)
    node.give_all(blocks.reshape(batch, deep, height * side, width * side), axis=1)


RULES = {
    "Transpose": _transpose,
    **dict.fromkeys(("Flatten", "Squeeze", "Unsqueeze"), _regroup),
    "Reshape": _reshape,
    "Expand": _expand,
    **dict.fromkeys(("Resize", "Upsample"), _resize),
    "DepthToSpace": _depth_to_space,
}
