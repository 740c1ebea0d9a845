"""Gather: rows of a table, whose columns are channels, or chosen places of a tensor."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..node import Node, Stay

if TYPE_CHECKING:
    from ..classes import Ids
    from ..writing import Writing


def _gather(node: Node) -> None:
    if node.layers:
        _embed(node)
        return
    found, rank = node.channels(), len(node.shape())
    if found is None:
        raise Stay("takes them as numbers")
    axis, gained = node.attribute("axis", 0) % rank, len(node.shape(1)) - 1
    if axis != found.axis:
        node.give(found.axis + gained * (axis < found.axis), found.ids)
        return
    places = node.value(1)
    if places is None or places.ndim != 1:
        raise Stay("picks a single one or computes which")
    taken = found.ids[places]
    node.flow.pieces.append(taken)
    node.give(axis, taken)
    node.later(partial(_write_places, node.index, found.ids, places))


def _embed(node: Node) -> None:
    """Follow a table of shape (entries, channels)."""
    if node.attribute("axis", 0) != 0:
        raise Stay("picks columns of its table")
    made = node.born(node.shape()[1])
    node.cut(0, 1, made, weighs=True)
    node.give(len(node.out_shape()) - 1, made)


def _write_places(index: int, ids: Ids, places: np.ndarray, out: Writing) -> None:
    kept = out.kept(ids)
    now = np.cumsum(kept) - 1
    out.set_constant(index, 1, now[places][kept[places]].astype(places.dtype))


RULES = {"Gather": _gather}
