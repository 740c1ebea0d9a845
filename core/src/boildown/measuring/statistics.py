"""Intervals for the figures of a comparison; every one at 95 % and with its source.

All are for samples drawn independently. They say how far chance may reach, not how well the test
set stands for the world.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from ..comparison.schema import Interval, Ratio

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Z = NormalDist().inv_cdf(0.975)
#: With fewer pairs no interval of order statistics covers the median with 95 %.
LEAST_PAIRS = 6


def wilson(successes: float, n: int) -> Interval:
    """Return the score interval of a proportion (Wilson, JASA 22, 1927); n ≥ 1."""
    share = successes / n
    centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    # At no or only successes one end is exact; rounding must not move it past the estimate.
    return min(max(0.0, centre - half), share), max(min(1.0, centre + half), share)


def mean_interval(values: np.ndarray) -> Interval | None:
    """Return mean ± z·s/√n of scores of any kind, shape (n,); None for fewer than two."""
    if len(values) < 2:  # noqa: PLR2004 - one value has no spread
        return None
    mean, half = float(values.mean()), Z * float(values.std(ddof=1)) / math.sqrt(len(values))
    return mean - half, mean + half


def paired_difference_interval(gained: int, lost: int, n: int) -> Interval:
    """Return the score interval of a difference of paired proportions (Tango, Stat. Med. 17, 1998).

    `gained` samples are right only with the new model, `lost` only with the old; the difference
    is (gained - lost) / n. Unlike the Wald interval it does not collapse where no sample changed:
    it is then ±z²/(n + z²), the differences that n unchanged samples cannot rule out.
    """
    estimate = (gained - lost) / n

    def distance(difference: float) -> float:
        return abs(_tango(difference, gained, lost, n)) - Z

    return (
        _root(distance, inside=estimate, outside=-1.0),
        _root(distance, inside=estimate, outside=1.0),
    )


def _tango(difference: float, gained: int, lost: int, n: int) -> float:
    """Return Tango's score statistic for the null hypothesis that `difference` is the true one."""
    linear = (2 * n - gained + lost) * difference - gained - lost
    constant = -lost * difference * (1 - difference)
    discordant = (math.sqrt(max(0.0, linear**2 - 8 * n * constant)) - linear) / (4 * n)
    variance = n * (2 * discordant + difference * (1 - difference))
    distance = gained - lost - n * difference
    if variance <= 0:
        return math.copysign(math.inf, distance) if distance else 0.0
    return distance / math.sqrt(variance)


def _root(function: Callable[[float], float], *, inside: float, outside: float) -> float:
    """Bisect between a point where `function` is negative and one where it may be positive."""
    if function(outside) <= 0:
        return outside
    for _ in range(60):
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if function(middle) <= 0 else (inside, middle)
    return inside


def median_interval(values: Sequence[float]) -> Interval:
    """Return the distribution-free interval of the median from order statistics.

    The r-th smallest and r-th largest value, with the greatest r for which the sign test keeps
    95 % (Conover, Practical Nonparametric Statistics, 3rd ed., 3.2). Raises ValueError below six.
    """
    n = len(values)
    if n < LEAST_PAIRS:
        raise ValueError(f"an interval of the median needs {LEAST_PAIRS} values, not {n}")
    tail, rank = 0.0, 0
    while True:
        tail += math.exp(
            math.lgamma(n + 1) - math.lgamma(rank + 1) - math.lgamma(n - rank + 1) - n * math.log(2)
        )
        if 2 * tail > 0.05:  # noqa: PLR2004 - 95 %
            break
        rank += 1
    ordered = sorted(values)
    return ordered[rank - 1], ordered[n - rank]


def paired_ratio(baseline: Sequence[float], this: Sequence[float]) -> Ratio:
    """Return the median of baseline / this over pairs of one round; above 1 is better."""
    ratios = [before / after for before, after in zip(baseline, this, strict=True)]
    q1, median, q3 = np.quantile(ratios, (0.25, 0.5, 0.75)).tolist()
    return Ratio(median=median, q1=q1, q3=q3, n=len(ratios), interval=median_interval(ratios))
