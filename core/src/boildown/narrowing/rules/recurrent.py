"""LSTM, GRU, RNN: channels go where they come in; the units of the layer itself stay."""

from __future__ import annotations

import numpy as np

from ..classes import FIXED
from ..node import Node, Stay

_WEIGHTS = (1, 2)


def _recur(node: Node) -> None:
    """Follow X (steps, batch, in), of which W (directions, gates, in) takes the last axis."""
    if any(node.channels(index) for index in range(1, len(node.inputs))):
        raise Stay("takes them as a state")
    if not all(node.is_stored(index) for index in _WEIGHTS):
        raise Stay("computes its weights")
    for index in _WEIGHTS:
        node.cut(index, 1, np.full(node.shape(index)[1], FIXED))
    node.cut(1, 2, node.ids(0, 2), weighs=True)
    node.cut(2, 2, np.full(node.shape(2)[2], FIXED))
    node.keep(node.born(1), "is recurrent")


RULES = dict.fromkeys(("GRU", "LSTM", "RNN"), _recur)
