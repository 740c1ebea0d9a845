"""Numbers as people read them; one form for each kind of figure, in every report."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..comparison.schema import Interval, Ratio

#: Stands behind every ratio, and for a figure that a measured row does not have.
TIMES, MISSING = "\N{MULTIPLICATION SIGN}", "\N{EN DASH}"
_BELOW_IS_TINY = 0.001
_FROM_IS_LARGE = 10


def three_digits(value: float) -> str:
    """Return `value` with three significant digits and no exponent for everyday sizes."""
    if value == 0 or not 1e-6 <= abs(value) < 1e9:  # noqa: PLR2004 - what people read as digits
        return f"{value:.3g}"
    decimals = 2 - math.floor(math.log10(abs(value)))
    return f"{value:,.{decimals}f}" if decimals > 0 else f"{round(value, decimals):,.0f}"


def megabytes(count: int | None) -> str:
    """Return bytes as MB of 10^6 bytes."""
    return "" if count is None else three_digits(count / 1e6)


def times(before: float | None, after: float | None) -> str:
    """Return before / after as `3.54x`, empty where one of them is missing or zero."""
    return f"{three_digits(before / after)}{TIMES}" if before and after else ""


def ratio(measured: Ratio | None) -> str:
    """Return a measured ratio with its 95 % interval as `1.52x ±0.03`."""
    if measured is None:
        return ""
    half = half_width(measured.median, measured.interval)
    return f"{measured.median:.2f}{TIMES} ±{half:.2f}"


def half_width(value: float, interval: Interval) -> float:
    """Return the distance from `value` to the farther end of its interval."""
    return max(value - interval[0], interval[1] - value)


def score(value: float | None, *, like: float | None = None) -> str:
    """Return a figure of quality; `like` sets the precision where it is a difference."""
    if value is None:
        return ""
    size = abs(value if like is None else like)
    if size and not _BELOW_IS_TINY <= size < _FROM_IS_LARGE:
        return f"{value:.4g}"
    return f"{value:.4f}"


def plain(value: float) -> str:
    """Return a whole number with all of its digits, any other as a score."""
    return f"{value:,.0f}" if float(value).is_integer() else score(value)


def difference(value: float | None, interval: Interval | None, *, like: float | None) -> str:
    """Return a paired difference with its interval as `-0.0012 ±0.0021`."""
    if value is None:
        return ""
    text = score(value, like=like)
    signed = text if text.startswith("-") else f"+{text}"
    if interval is None:
        return signed
    return f"{signed} ±{score(half_width(value, interval), like=like)}"
