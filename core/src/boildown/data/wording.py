"""How this package words sizes and lists in its errors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_MOST = 10
_TIMES = "\N{MULTIPLICATION SIGN}"


def product(axes: Iterable[int | str | None]) -> str:
    """Write lengths of axes with crosses between them; a question mark for any length."""
    return _TIMES.join("?" if axis is None else str(axis) for axis in axes) or "one number"


def one_a_line(mistakes: Sequence[str]) -> str:
    """Write the first ten of all mistakes, one a line, and how many more there are."""
    more = [f"… and {len(mistakes) - _MOST} more"] if len(mistakes) > _MOST else []
    return "\n".join([*mistakes[:_MOST], *more])
