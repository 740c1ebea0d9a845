"""The best centres for weighted numbers, found by dynamic programming.

In one dimension clusters are intervals of the sorted numbers, so the best ones can be computed
(Wang and Song, Ckmeans.1d.dp, The R Journal 3/2, 2011), where Lloyd's algorithm from a drawn start
ends up to a third above the least error on small layers.
"""

from __future__ import annotations

import numpy as np

#: Cells that stand for the numbers: at least so many, and so many for each centre.
_CELLS, CELLS_EACH = 256, 4


def best_centres(points: np.ndarray, counts: np.ndarray, count: int) -> np.ndarray:
    """Return at most `count` centres with the least sum of squared distances.

    `points` are sorted, `counts` say how often each stands. Where there are more points than
    cells, the means of neighbours stand for them; Lloyd's algorithm on all points takes away what
    little error that leaves.
    """
    middle = points.mean()  # squares of numbers far from 0 would drown their differences
    points, counts = thinned(points - middle, counts, max(_CELLS, CELLS_EACH * count))
    weight, total, square = (
        np.concatenate(([0.0], np.cumsum(counts * points**power))) for power in range(3)
    )
    froms, best = [], _costs(weight, total, square)
    costs, best = best, best[:, 0]
    for _centre in range(count - 1):
        sums = costs + best
        froms.append(sums.argmin(axis=1))
        best = sums.min(axis=1)
    edges = [len(points)]
    for start in reversed(froms):
        edges.append(start[edges[-1]])
    bounds = np.unique([0, *edges])
    centres: np.ndarray = np.diff(total[bounds]) / np.diff(weight[bounds]) + middle
    return centres


def _costs(weight: np.ndarray, total: np.ndarray, square: np.ndarray) -> np.ndarray:
    """Return the squared error of one centre for the points `start` to `stop` at [stop, start]."""
    held, sums = weight[:, None] - weight, total[:, None] - total
    errors = np.full(held.shape, np.inf)
    np.divide(sums**2, held, out=errors, where=held > 0)
    errors = np.where(held > 0, square[:, None] - square - errors, np.inf)
    np.fill_diagonal(errors, 0.0)  # a centre may stay without points
    return errors


def thinned(points: np.ndarray, counts: np.ndarray, cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Put neighbours together, half by rank and half by place: neither crowd nor tail is lost.

    Where many numbers are one (zeros of a sparse layer) and one lies far out, these two leave few
    cells to all others, which then are parted by their order as well.
    """
    if len(points) <= cells:
        return points, counts
    rank = (np.cumsum(counts) - counts / 2) / counts.sum()
    place = (points - points[0]) / (points[-1] - points[0])
    cell = ((rank + place) / 2 * cells).astype(np.int64)
    if len(np.unique(cell)) < cells // 2:
        order = (np.arange(len(points)) + 0.5) / len(points)
        cell = ((order + rank + place) / 3 * cells).astype(np.int64)
    held, total = np.bincount(cell, counts), np.bincount(cell, counts * points)
    return total[held > 0] / held[held > 0], held[held > 0]
