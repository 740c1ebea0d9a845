"""Whether a row of two runs is of the same thing, or only called by the same names."""

from __future__ import annotations

from itertools import product, starmap
from typing import TYPE_CHECKING, Any, NamedTuple

from ..comparison.merging import deciding_differences
from .text import clean, counted
from .view import views

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..comparison.schema import Comparison, DataRecord, ModelRecord, Row

_SHOWN_DIGITS = 8


class Meant(NamedTuple):
    """What the names of a row stand for; None or empty: the run does not say."""

    row: Row
    model: ModelRecord | None
    #: The data of its job. Of runs that do not say which: all with its test samples.
    data: tuple[DataRecord, ...]
    recipe: dict[str, Any] | None


def meant(comparison: Comparison) -> dict[tuple[str, str, str], Meant]:
    """Return what every row is of, by model, recipe and backend."""
    recipes = {str(recipe["name"]): recipe for recipe in comparison.recipes}
    return {
        (view.row.model, view.row.recipe, view.row.backend): Meant(
            view.row, view.model, _data(view.row, comparison.data), recipes.get(view.row.recipe)
        )
        for view in views(comparison)
    }


def not_the_same(old: Meant, new: Meant) -> Iterator[str]:
    """Say what the two rows do not share although they call it by one name."""
    if old.model and new.model and old.model.sha256 != new.model.sha256:
        yield f"another model: SHA-256 {_digits(old.model.sha256)} → {_digits(new.model.sha256)}"
    tested = old.row.test_sha256, new.row.test_sha256
    if all(tested) and tested[0] != tested[1]:
        yield f"other test data: {_tested(old)} → {_tested(new)}"
    elif old.data and new.data and all(starmap(_differ, product(old.data, new.data))):
        yield "other training or calibration data"
    if old.recipe and new.recipe and (other := deciding_differences(old.recipe, new.recipe)):
        yield f"another recipe: other {', '.join(other)}"


def _data(row: Row, known: tuple[DataRecord, ...]) -> tuple[DataRecord, ...]:
    if not (row.test_sha256 or row.data_sha256):
        return ()
    tested = tuple(record for record in known if record.test_sha256 == row.test_sha256)
    return tuple(record for record in tested if record.sha256 == row.data_sha256) or tested


def _differ(old: DataRecord, new: DataRecord) -> bool:
    """Tell whether other splits differ; runs that looked at other splits cannot be compared."""
    return old.splits.keys() == new.splits.keys() and old.sha256 != new.sha256


def _tested(found: Meant) -> str:
    digits = f"SHA-256 {_digits(found.row.test_sha256)}"
    if not found.data:
        return digits
    n = counted(found.data[0].splits.get("test", 0), "sample")
    return f"{clean(found.data[0].uri)}, {n} ({digits})"


def _digits(sha256: str) -> str:
    return sha256[:_SHOWN_DIGITS]
