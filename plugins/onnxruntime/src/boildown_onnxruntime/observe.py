"""Choose the range of an activation from its histogram: what to clip is traded against precision.

A histogram counts absolute positions: `2 * HALF` bins of equal width over [-reach, reach].
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

HALF = 2048
LEVELS = 256
Interval = tuple[float, float]

#: Share of the values that `percentile` keeps inside the range; ONNX Runtime's default.
_KEPT = 0.99999
#: Greatest share of the values that `entropy` may clip. Spikes in a distribution, such as those of
#: an image's empty background, pull it down to ranges that cost a network its accuracy.
_CLIPPED = 0.001
#: Shares of the full range that `mse` tries.
_SHRINKS = np.linspace(0.2, 1.0, 81)
#: Share of a bin that would hold nothing, in place of an infinite divergence.
_RARE = 1e-7
#: Distance in bins between the thresholds that `entropy` tries.
_STRIDE = 16


def percentile(counts: np.ndarray, lowest: float, highest: float) -> Interval:
    """Leave out the small share of values that lie farthest from 0."""
    bound = _bound(_absolute(counts), _KEPT) * max(-lowest, highest)
    return max(lowest, -bound), min(highest, bound)


def mse(counts: np.ndarray, lowest: float, highest: float) -> Interval:
    """Take the range whose rounding and clipping make the least squared error together."""
    reach = max(-lowest, highest)
    centres = (np.arange(2 * HALF) + 0.5 - HALF) * (reach / HALF)
    used = counts > 0
    values, weights = centres[used], counts[used]
    errors = []
    for shrink in _SHRINKS:
        low, high = min(lowest * shrink, 0.0), max(highest * shrink, 0.0)
        step = (high - low) / (LEVELS - 1)
        rounded = low + np.round((np.clip(values, low, high) - low) / step) * step
        errors.append(float(((values - rounded) ** 2) @ weights))
    shrink = float(_SHRINKS[int(np.argmin(errors))])
    return lowest * shrink, highest * shrink


def entropy(counts: np.ndarray, lowest: float, highest: float) -> Interval:
    """Take the bound on absolute values that loses least information (Migacz, TensorRT, 2017).

    ONNX Runtime 1.32 has this method too, but its defaults have as many levels as bins: nothing
    below the greatest value of the first batch is ever tried.
    """
    reach = max(-lowest, highest)
    absolute = _absolute(counts)
    absolute[0] = absolute[1]  # the many exact zeros behind a ReLU would drown the rest
    levels = LEVELS if lowest >= 0 else LEVELS // 2
    least = max(levels, round(_bound(absolute, 1 - _CLIPPED) * HALF))
    ends = np.arange(HALF, least - 1, -_STRIDE)
    divergence = [_divergence(absolute, int(end), levels) for end in ends]
    bound = float(ends[int(np.argmin(divergence))]) / HALF * reach
    return max(lowest, -bound), min(highest, bound)


def _absolute(counts: np.ndarray) -> np.ndarray:
    """Return the histogram of absolute values, over [0, reach]."""
    both: np.ndarray = (counts[HALF:] + counts[:HALF][::-1]).astype(np.float64)
    return both


def _bound(absolute: np.ndarray, kept: float) -> float:
    """Return the least share of the reach within which `kept` of the values lie."""
    within = np.cumsum(absolute) / absolute.sum()
    return float(np.argmax(within >= kept) + 1) / HALF


def _divergence(counts: np.ndarray, end: int, levels: int) -> float:
    """Return the Kullback-Leibler divergence of `levels` steps from the first `end` bins."""
    inside = counts[:end]
    reference = inside.copy()
    reference[-1] += counts[end:].sum()
    step = np.arange(end) * levels // end
    filled = reference > 0
    holders = np.bincount(step, filled, levels)
    mean = np.divide(np.bincount(step, inside, levels), holders, where=holders > 0,
                     out=np.zeros(levels))  # fmt: skip
    coarse = np.where(filled, mean[step], 0.0)
    if not coarse.sum():
        return np.inf
    p = reference[filled] / reference.sum()
    # What was clipped may stand where nothing else does: rare there, but not impossible.
    q = np.maximum(coarse[filled] / coarse.sum(), _RARE)
    return float((p * np.log(p / q)).sum())


OBSERVERS: dict[str, Callable[[np.ndarray, float, float], Interval]] = {
    "percentile": percentile,
    "entropy": entropy,
    "mse": mse,
}
