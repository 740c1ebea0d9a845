"""The order in which every report shows a comparison: model by model, rows numbered from 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ..comparison.schema import Comparison, Metric, ModelRecord, Quality, Row


class View(NamedTuple):
    """One row with its number, which `boildown export` takes, and the model it came from."""

    number: int
    row: Row
    model: ModelRecord | None


class Group(NamedTuple):
    """All rows of one model; `model` is None where the model itself could not be read."""

    name: str
    model: ModelRecord | None
    views: tuple[View, ...]


def views(comparison: Comparison) -> tuple[View, ...]:
    """Return the rows in the order of the file."""
    records = {record.uri: record for record in comparison.models}
    return tuple(
        View(number, row, records.get(row.model))
        for number, row in enumerate(comparison.results, start=1)
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


def primary(quality: Quality | None) -> Metric | None:
    """Return the first metric of a task, the one that tables show."""
    return quality.metrics[0] if quality is not None and quality.metrics else None


def metric_heading(name: str) -> str:
    """Return a metric's name as people write it."""
    return {"top1": "top-1", "top5": "top-5"}.get(name, name)
