"""The order in which every report shows a comparison: model by model, rows numbered from 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..comparison.subjects import records_of, subject_titles, subjects
from .standing import Standing, standings

if TYPE_CHECKING:
    from ..comparison.schema import Comparison, ModelRecord, Row


class View(NamedTuple):
    """One row with its number, which `boildown export` takes, its model and its standing.

    `subject` is the model by name, with the machine and the test data where there are several.
    """

    number: int
    row: Row
    model: ModelRecord | None
    standing: Standing
    subject: str


class Group(NamedTuple):
    """All rows of one model, machine and test data; `model` is None where it could not be read."""

    name: str
    model: ModelRecord | None
    views: tuple[View, ...]


def views(comparison: Comparison) -> tuple[View, ...]:
    """Return the rows in the order of the file."""
    records, titles = records_of(comparison), subject_titles(comparison)
    every = zip(comparison.results, subjects(comparison), standings(comparison), strict=True)
    return tuple(
        View(number, row, records.get(subject), found, titles[subject])
        for number, (row, subject, found) in enumerate(every, start=1)
    )


def groups(comparison: Comparison) -> tuple[Group, ...]:
    """Return the rows by model, machine and test data, models in the order of the file."""
    found, records = views(comparison), records_of(comparison)
    titles, own = subject_titles(comparison), subjects(comparison)
    names = list(dict.fromkeys(subject.model for subject in titles))
    return tuple(
        Group(
            titles[subject],
            records.get(subject),
            tuple(view for view, other in zip(found, own, strict=True) if other == subject),
        )
        for subject in sorted(titles, key=lambda each: (names.index(each.model), each.machine))
    )
