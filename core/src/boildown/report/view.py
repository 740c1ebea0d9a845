"""The order in which every report shows a comparison: model by model, rows numbered from 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .standing import Standing, records_of, standings

if TYPE_CHECKING:
    from ..comparison.schema import Comparison, ModelRecord, Row


class View(NamedTuple):
    """One row with its number, which `boildown export` takes, its model and its standing.

    `subject` is the model by name, with the machine where the comparison is of several.
    """

    number: int
    row: Row
    model: ModelRecord | None
    standing: Standing
    subject: str


class Group(NamedTuple):
    """All rows of one model from one machine; `model` is None where it could not be read."""

    name: str
    model: ModelRecord | None
    views: tuple[View, ...]


def views(comparison: Comparison) -> tuple[View, ...]:
    """Return the rows in the order of the file."""
    records = records_of(comparison)
    standing = zip(comparison.results, standings(comparison), strict=True)
    return tuple(
        View(number, row, records.get(key), found, _subject(comparison, *key))
        for number, (row, found) in enumerate(standing, start=1)
        for key in ((row.model, row.machine),)
    )


def groups(comparison: Comparison) -> tuple[Group, ...]:
    """Return the rows by model and machine, models in the order of the file."""
    found, records = views(comparison), records_of(comparison)
    keys = dict.fromkeys([*records, *((view.row.model, view.row.machine) for view in found)])
    names = list(dict.fromkeys(name for name, _ in keys))
    return tuple(
        Group(
            _subject(comparison, *key),
            records.get(key),
            tuple(view for view in found if (view.row.model, view.row.machine) == key),
        )
        for key in sorted(keys, key=lambda key: (names.index(key[0]), key[1]))
    )


def _subject(comparison: Comparison, model: str, machine: int) -> str:
    return model if len(comparison.machines) == 1 else f"{model} on machine {machine + 1}"
