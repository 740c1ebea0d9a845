"""Lloyd's algorithm (1982) in one dimension, on sorted values with prefix sums.

In one dimension clusters are intervals of the sorted values, so one round costs a binary search
for each border instead of a distance to every centre.
"""

from __future__ import annotations

import numpy as np

from .optimal import CELLS_EACH, best_centres, thinned

_MOST_ROUNDS = 300
#: k-means++ draws from at most so many candidates; only the first centres depend on it.
_CANDIDATES = 8192


def shared_values(
    values: np.ndarray, count: int, init: str | None, random: np.random.Generator
) -> np.ndarray:
    """Return `values` with each replaced by the nearest of at most `count` centres.

    `init` places the first centres: `kmeans` (k-means++, Arthur and Vassilvitskii, 2007), `linear`
    (evenly from least to greatest), `density` (evenly by rank), `random` (drawn values), or None
    (where the error is least).
    """
    distinct, back, counts = np.unique(values, return_inverse=True, return_counts=True)
    if len(distinct) <= count:
        return values
    points = distinct.astype(np.float64)
    centres = _lloyd(points, counts, _first_centres(points, counts, count, init, random))
    # Differences of sums lose the last digits of small weights beside large ones.
    centres = np.clip(centres, points[0], points[-1])
    nearest = np.searchsorted(_borders(centres), points)
    shared: np.ndarray = np.take(centres.astype(values.dtype), nearest[back])
    return shared.reshape(values.shape)


def _lloyd(points: np.ndarray, counts: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Move each centre to the mean of its interval until none moves; empty ones stay put."""
    weight = np.concatenate(([0], np.cumsum(counts)))
    total = np.concatenate(([0.0], np.cumsum(points * counts)))
    for _round in range(_MOST_ROUNDS):
        edges = np.concatenate(([0], np.searchsorted(points, _borders(centres)), [len(points)]))
        held = np.diff(weight[edges])
        means: np.ndarray = np.divide(
            np.diff(total[edges]), held, out=centres.copy(), where=held > 0
        )
        if np.array_equal(means, centres):
            break
        centres = means
    return centres


def _borders(centres: np.ndarray) -> np.ndarray:
    borders: np.ndarray = (centres[1:] + centres[:-1]) / 2
    return borders


def _first_centres(
    points: np.ndarray,
    counts: np.ndarray,
    count: int,
    init: str | None,
    random: np.random.Generator,
) -> np.ndarray:
    if init is None:
        return best_centres(points, counts, count)
    if init == "linear":
        return np.linspace(points[0], points[-1], count)
    if init == "density":
        ranks = np.cumsum(counts) - counts / 2
        return np.unique(np.interp((np.arange(count) + 0.5) / count * counts.sum(), ranks, points))
    if init == "random":
        chosen = random.choice(len(points), count, replace=False, p=counts / counts.sum())
        return np.sort(points[chosen])
    return np.sort(_plus_plus(*_candidates(points, counts, count), count, random))


def _candidates(
    points: np.ndarray, counts: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Replace many points by the means of evenly wide cells, which keeps the rare far ones.

    Where these are so far that the others fall into few cells, rank parts them as well.
    """
    if len(points) <= _CANDIDATES:
        return points, counts
    share = (points - points[0]) / (points[-1] - points[0])
    cell = (share * (_CANDIDATES - 1)).astype(np.int64)
    held = np.bincount(cell, counts)
    if np.count_nonzero(held) < CELLS_EACH * count:
        return thinned(points, counts, _CANDIDATES)
    total = np.bincount(cell, counts * points)
    return total[held > 0] / held[held > 0], held[held > 0]


def _plus_plus(
    points: np.ndarray, counts: np.ndarray, count: int, random: np.random.Generator
) -> np.ndarray:
    """Draw centres one by one, each with a chance that grows with its squared distance."""
    distance, centres = np.ones(len(points)), []
    for index in range(min(count, len(points))):
        chance = np.cumsum(distance * counts)
        drawn = points[np.searchsorted(chance, random.random() * chance[-1], side="right")]
        centres.append(drawn)
        square = (points - drawn) ** 2
        distance = np.minimum(distance, square) if index else square
    return np.array(centres)
