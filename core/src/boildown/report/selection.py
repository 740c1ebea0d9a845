"""Find the row that a user means, by its number or by model, recipe and backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import UsageError
from ..nearest import did_you_mean
from .text import row_numbers
from .view import views

if TYPE_CHECKING:
    from ..comparison.schema import Comparison, Row
    from .view import View


def find_row(comparison: Comparison, wanted: str) -> View:
    """Return the row with this number (from 1, as in the table) or `model/recipe/backend`.

    Raises:
        UsageError: no row fits, or several do; the nearest name is given.
    """
    every = views(comparison)
    if wanted.isdecimal():
        return _by_number(every, int(wanted))
    fitting = [view for view in every if row_name(view.row) == wanted]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        found = row_numbers(view.number for view in fitting)
        raise UsageError(f"{wanted!r} names {found}; give one of these numbers instead.")
    raise UsageError(
        f"There is no row {wanted!r}{did_you_mean(wanted, [row_name(v.row) for v in every])}. "
        f"Give a number from 1 to {len(every)}, or model/recipe/backend as the results show them."
    )


def row_name(row: Row) -> str:
    """Return the name of a row; a model's URI may hold slashes, the other two parts cannot."""
    return f"{row.model}/{row.recipe}/{row.backend}"


def _by_number(every: tuple[View, ...], number: int) -> View:
    if not 1 <= number <= len(every):
        numbers = f"rows are numbered from 1 to {len(every)}" if every else "it has no rows"
        raise UsageError(f"There is no row {number} in this comparison: {numbers}.")
    return every[number - 1]
