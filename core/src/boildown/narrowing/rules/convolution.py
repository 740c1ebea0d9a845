"""Convolutions: new channels come out, and what comes in goes from the filters."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..node import Node, Stay

if TYPE_CHECKING:
    from ..classes import Ids
    from ..writing import Writing


def _convolve(node: Node) -> None:
    """Follow weights of shape (out, in / groups, ...), or (in, out / groups, ...) transposed."""
    if not node.is_stored(1) or (node.has(2) and not node.is_stored(2)):
        raise Stay("computes its weights")
    transposed = node.op == "ConvTranspose"
    groups = node.attribute("group", 1)
    taken, count = node.ids(0, 1), node.out_shape()[1]
    of_group = len(taken) // groups
    if groups > 1 and of_group == 1:
        made = np.repeat(taken, count // groups)  # filters of their own for each channel
        node.puts_out(made)
        node.cut(1, 0, taken if transposed else made, weighs=True)
        node.later(partial(_set_groups, node.index, taken))
    else:
        made = node.born(count)
        for ids in (taken, made):
            _couple_groups(node, ids, groups)
        first_in, first_out = taken[:of_group], made[: count // groups]
        node.cut(1, 0, taken if transposed else made, weighs=True)
        node.cut(1, 1, first_out if transposed else first_in, weighs=True)
    if node.has(2):
        node.cut(2, 0, made)
    node.give(1, made)


def _couple_groups(node: Node, ids: Ids, groups: int) -> None:
    """Let each group keep the same places, so that all are of one size."""
    first, *others = ids.reshape(groups, -1)
    for other in others:
        node.couple(first, other)


def _set_groups(index: int, taken: Ids, out: Writing) -> None:
    out.set_attribute(index, "group", out.count(taken))


RULES = dict.fromkeys(("Conv", "ConvTranspose"), _convolve)
