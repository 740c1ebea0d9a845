"""Operators that put tensors together or take parts of them: channels are counted anew in each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..classes import FIXED
from ..node import Node, Stay

if TYPE_CHECKING:
    from ..classes import Ids
    from ..writing import Writing

_SIZES_ARE_INPUT = 13


def _concat(node: Node) -> None:
    """Follow tensors that come one behind the other."""
    rank, places = len(node.out_shape()), range(len(node.inputs))
    axis = node.attribute("axis") % rank
    found = {index: node.channels(index) for index in places}
    crossing = {index: one for index, one in found.items() if one and one.axis != axis}
    if not crossing:
        node.give(axis, np.concatenate([node.along(index, axis) for index in places]))
        return
    first, leading = next(iter(crossing.items()))
    for index, one in found.items():
        if one is not None and one.axis != leading.axis:
            raise Stay("takes them along several axes")
        if node.is_stored(index):
            node.cut(index, leading.axis, leading.ids)
        elif index != first:
            node.couple(leading.ids, node.along(index, leading.axis))
    node.give(leading.axis, leading.ids)


def _split(node: Node) -> None:
    """Follow parts of a tensor, of which each keeps its share."""
    found = node.channels()
    if found is None:
        raise Stay("takes them as numbers")
    outputs = range(len(node.proto.output))
    if node.attribute("axis", 0) % len(node.shape()) != found.axis:
        for output in outputs:
            node.give(found.axis, found.ids, output)
        return
    ends = np.cumsum([node.out_shape(output)[found.axis] for output in outputs])
    parts = np.split(found.ids, ends[:-1])
    for output, part in enumerate(parts):
        node.flow.pieces.append(part)
        node.give(found.axis, part, output)
    node.later(partial(_write_split, node.index, parts, node.flow.opset))


def _write_split(index: int, parts: list[Ids], opset: int, out: Writing) -> None:
    sizes = [out.count(part) for part in parts]
    if opset < _SIZES_ARE_INPUT:
        out.set_attribute(index, "split", sizes)
        return
    out.set_attribute(index, "num_outputs", None)
    out.set_constant(index, 1, np.array(sizes, np.int64))


def _slice(node: Node) -> None:
    """Follow a run of places; channels are cut out one behind the other only."""
    found, rank = node.channels(), len(node.shape())
    if found is None:
        raise Stay("takes them as numbers")
    if not node.has(1):
        raise Stay("has its bounds in attributes, as before opset 10")
    starts, ends = node.value(1), node.value(2)
    axes = node.value(3) if node.has(3) else np.arange(node.shape(1)[0])
    if axes is None:
        raise Stay("computes its axes")
    at = [place for place, axis in enumerate(axes.tolist()) if axis % rank == found.axis]
    if not at:
        node.give(found.axis, found.ids)
        return
    steps = node.value(4) if node.has(4) else np.ones(len(axes), np.int64)
    if starts is None or ends is None or steps is None or steps[at[0]] != 1:
        raise Stay("computes its bounds or leaves some out between others")
    begin, end, _ = slice(int(starts[at[0]]), int(ends[at[0]])).indices(len(found.ids))
    piece = found.ids[begin:end]
    node.flow.pieces.append(piece)
    node.give(found.axis, piece)
    before = found.ids[:begin]
    node.later(partial(_write_slice, node.index, at[0], (starts, ends), (before, piece)))


def _write_slice(
    index: int, at: int, bounds: tuple[np.ndarray, np.ndarray], ids: tuple[Ids, Ids], out: Writing
) -> None:
    starts, ends = (bound.copy() for bound in bounds)
    starts[at] = out.count(ids[0])
    ends[at] = starts[at] + out.count(ids[1])
    out.set_constant(index, 1, starts)
    out.set_constant(index, 2, ends)


def _pad(node: Node) -> None:
    """Follow what is put around a tensor; channels that are added stay."""
    found, rank = node.channels(), len(node.shape())
    pads = node.attribute("pads") if not node.has(1) else node.value(1)
    if found is None or pads is None:
        raise Stay("computes how much it adds")
    axes = node.value(3) if node.has(3) else np.arange(rank)
    if axes is None:
        raise Stay("computes its axes")
    amounts = np.asarray(pads).reshape(2, -1)[:, axes % rank == found.axis]
    before, after = amounts[:, 0].tolist() if amounts.size else (0, 0)
    if min(before, after) < 0 or (
        before + after and node.attribute("mode", "constant") != "constant"
    ):
        raise Stay("takes some away or repeats them")
    node.give(found.axis, np.pad(found.ids, (before, after), constant_values=FIXED))


RULES = {"Concat": _concat, "Pad": _pad, "Slice": _slice, "Split": _split}
