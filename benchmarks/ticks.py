"""Round numbers for the axis of a plot."""

from __future__ import annotations

import math

#: More labels than this on a logarithmic axis are too many.
_MOST = 9


def log_ticks(low: float, high: float) -> list[float]:
    """Return 1, 2, 5, 10, 20, … between two positive numbers; plain ticks where these are few."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1, 2, 5), (1,)):
        found = [float(f"{step}e{decade}") for decade in decades for step in steps]
        found = [tick for tick in found if low <= tick <= high]
        if len(found) <= _MOST:
            break
    return found if len(found) > 1 else plain_ticks(low, high)


def plain_ticks(low: float, high: float) -> list[float]:
    """Return about five multiples of 1, 2 or 5 times a power of ten between two numbers."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(times * power for times in (1, 2, 5, 10) if times * power >= rough)
    first = math.ceil(low / step)
    return [float(f"{place * step:.12g}") for place in range(first, math.floor(high / step) + 1)]
