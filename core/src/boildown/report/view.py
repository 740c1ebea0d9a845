"""The order in which every report shows a comparison: model by model, rows numbered from 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .standing import Standing, standings

if TYPE_CHECKING:
    from ..comparison.schema import Comparison, ModelRecord, Row


class View(NamedTuple):
    """One row with its number, which `boildown export` takes, its model and its standing."""

    number: int
    row: Row
    model: ModelRecord | None
    standing: Standing


class Group(NamedTuple):
    """All rows of one model; `model` is None where the model itself could not be read."""

    name: str
    model: ModelRecord | None
    views: tuple[View, ...]


def views(comparison: Comparison) -> tuple[View, ...]:
    """Return the rows in the order of the file."""
    records = {record.uri: record for record in comparison.models}
    return tuple(
        View(number, row, records.get(row.model), standing)
        for number, (row, standing) in enumerate(
            zip(comparison.results, standings(comparison), strict=True), start=1
        )
    )


def groups(comparison: Comparison) -> tuple[Group, ...]:
    """Return the rows by model, models in the order of the file."""
    found = views(comparison)
    records = {record.uri: record for record in comparison.models}
    names = dict.fromkeys([*records, *(view.row.model for view in found)])
    return tuple(
        Group(name, records.get(name), tuple(view for view in found if view.row.model == name))
        for name in names
    )
