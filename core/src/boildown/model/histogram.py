"""How the values of a layer lie, in bins that any two layers can be brought to exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..frozen import Frozen

if TYPE_CHECKING:
    import numpy as np

#: The largest value lies in the upper half of 2**5 bins on its side of zero.
_HALF_BITS = 5


class Histogram(Frozen):
    """How many values lie in each bin; exact zeros are left out, they are `sparsity`.

    Bin i holds what is at least `(first + i) * 2**exponent` and less than `2**exponent` more.
    Since widths are powers of two and edges their multiples, two neighbours make one bin of the
    next width: histograms of different widths can be compared without a loss but of detail.
    """

    exponent: int
    first: int
    counts: tuple[int, ...]


def histogram(distinct: np.ndarray, counts: np.ndarray) -> Histogram | None:
    """Count finite values, given with how often each occurs, in at most 64 bins around zero.

    Bins are as wide as needed for the largest value to lie in the 17th to 32nd on its side.
    Returns None where there is nothing but zeros.
    """
    import numpy as np

    kept = distinct != 0
    values, counts = distinct[kept].astype(np.float64), counts[kept]
    if not values.size:
        return None
    exponent = int(np.frexp(np.abs(values).max())[1]) - _HALF_BITS
    bins = np.floor(np.ldexp(values, -exponent)).astype(np.int64)
    first = int(bins.min())
    found = np.bincount(bins - first, weights=counts)
    return Histogram(exponent=exponent, first=first, counts=tuple(map(int, found)))


def in_same_bins(one: Histogram, other: Histogram) -> tuple[Histogram, Histogram]:
    """Return both in the wider of their bins, from the first to the last that either uses."""
    exponent = max(one.exponent, other.exponent)
    both = [_widened(found, exponent) for found in (one, other)]
    first, last = min(map(min, both)), max(map(max, both))
    left, right = (
        Histogram(
            exponent=exponent,
            first=first,
            counts=tuple(bins.get(index, 0) for index in range(first, last + 1)),
        )
        for bins in both
    )
    return left, right


def _widened(found: Histogram, exponent: int) -> dict[int, int]:
    bins: dict[int, int] = {}
    for index, count in enumerate(found.counts, start=found.first):
        wide = index >> (exponent - found.exponent)
        bins[wide] = bins.get(wide, 0) + count
    return bins
