"""Choose which channels go: the least useful first, as many of each layer as asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .classes import FIXED

if TYPE_CHECKING:
    from .classes import Ids
    from .flow import Flow


def choose(flow: Flow, width: float) -> Ids:
    """Return a truth for each channel: whether it stays.

    Of what each layer puts out, and of each part that is split off, the share `width` stays (the
    nearest whole number, at least 1), or more where channels are coupled to some that must stay.
    Of use is what has large weights: a class of channels counts by the sum of squares of all
    weights, and factors of norms, that make these channels or take them in.
    """
    roots = flow.classes.roots(flow.classes.all())
    scores = _scores(flow, roots)
    limits = [_Limit(roots, ids, width) for ids in (*flow.layers.values(), *flow.pieces)]
    touching: dict[int, list[_Limit]] = {}
    for limit in limits:
        for root in limit.counts:
            touching.setdefault(root, []).append(limit)
    gone = []
    for root in np.argsort(scores, kind="stable").tolist():
        concerned = touching.get(root, ())
        if flow.classes.reason(root) or roots[root] != root:
            continue
        if all(limit.counts[root] <= limit.left for limit in concerned):
            for limit in concerned:
                limit.left -= limit.counts[root]
            gone.append(root)
    return ~np.isin(roots, gone)


def asked(count: int, width: float) -> int:
    """Return how many of so many channels are to go."""
    return min(count - 1, round((1 - width) * count))


class _Limit:
    """How many channels may still go from one place."""

    def __init__(self, roots: Ids, ids: Ids, width: float) -> None:
        own, counts = np.unique(roots[ids[ids != FIXED]], return_counts=True)
        #: Class -> how many of its channels are here.
        self.counts = dict(zip(own.tolist(), counts.tolist(), strict=True))
        self.left = asked(len(ids), width)


def _scores(flow: Flow, roots: Ids) -> np.ndarray:
    """Return the sum of squares of each class, at its root."""
    scores = np.zeros(len(roots))
    for cut in flow.cuts:
        if cut.weighs:
            values = flow.constants.value(cut.name).astype(np.float64)
            others = tuple(axis for axis in range(values.ndim) if axis != cut.axis)
            free = cut.ids != FIXED
            np.add.at(scores, roots[cut.ids[free]], (values**2).sum(others)[free])
    return scores
