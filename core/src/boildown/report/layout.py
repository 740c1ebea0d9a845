"""Which figures stand side by side, which one above the other, and what a narrow screen loses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len

from .columns import METRIC, metric_name
from .findings import notes
from .numbers import MISSING
from .text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .columns import Column
    from .view import Group, View

#: Places in the order in which they leave when even stacked figures are too wide.
_LEAVING = ("agreement", "packed", "cost", "speed", "quality", "size")
#: A recipe's name may wrap below its natural width, but not below this one.
_NARROWEST_NAME, _NARROWEST_STACK = 18, 14
#: Printed columns: the number, the mark of the Pareto front, the recipe.
_NAME = 2
BASELINE = ("float32 input", "ONNX Runtime")
Lines = tuple[str, ...]


class Place(NamedTuple):
    """One column of the printed table: a heading and, in every row, the figures below it."""

    heading: Lines
    columns: tuple[Column, ...]


class Layout(NamedTuple):
    """One way to lay out a table; `notes` says that they have a column of their own."""

    stacked: bool
    notes: bool
    places: tuple[Place, ...]
    left_out: tuple[Column, ...] = ()

    def headings(self, group: Group) -> list[Lines]:
        """Return the heading of every printed column."""
        names = [("",), ("", "recipe"), ("", "backend")]
        names = [("",), ("recipe", "backend")] if self.stacked else names
        metric = metric_name(group)
        figures = [tuple(h.replace(METRIC, metric) for h in p.heading) for p in self.places]
        return [("", "#"), *names, *figures, *([("", "notes")] if self.notes else [])]

    def cells(self, view: View) -> list[Lines]:
        """Return the cells of one row."""
        told = notes(view)
        missing = MISSING if view.row.deployable is not None else ""
        figures = [
            tuple(column.cell(view) or missing for column in place.columns) for place in self.places
        ]
        named = self._named(clean(view.row.recipe), clean(view.row.backend), told)
        return [
            (str(view.number),),
            (view.standing.mark,),
            *named,
            *figures,
            *([told] if self.notes else []),
        ]

    def baseline_cells(self, group: Group) -> list[Lines] | None:
        """Return the first line of a model's table, None where the model could not be read."""
        model = group.model
        if model is None:
            return None
        figures = [
            tuple(column.baseline(model) for column in place.columns) for place in self.places
        ]
        return [(), (), *self._named(*BASELINE, ()), *figures, *([()] if self.notes else [])]

    def _named(self, recipe: str, backend: str, told: Lines) -> list[Lines]:
        if self.stacked:
            return [(recipe, backend, *(() if self.notes else told))]
        return [(recipe,), (backend,)]

    def widths(self, groups: tuple[Group, ...]) -> list[int]:
        """Return the natural width of every printed column."""
        rows = [row for group in groups for row in self._rows(group)]
        return [
            max((cell_len(line) for row in rows for line in row[index]), default=0) or 1
            for index in range(len(self.headings(groups[0])))
        ]

    def _rows(self, group: Group) -> list[list[Lines]]:
        first = self.baseline_cells(group)
        rows = [self.cells(view) for view in group.views]
        return [self.headings(group), *([first] if first else []), *rows]


def fitting(
    groups: tuple[Group, ...], columns: tuple[Column, ...], available: int
) -> tuple[Layout, list[int]]:
    """Return the first layout that fits, from the easiest to read to the narrowest."""
    told = any(notes(view) for group in groups for view in group.views)
    *others, last = _candidates(columns, told=told)
    for layout in others:
        widths = layout.widths(groups)
        least = _NARROWEST_STACK if layout.stacked else _NARROWEST_NAME
        name = _left_for_names(widths, available)
        if name >= min(widths[_NAME], least):
            widths[_NAME] = min(widths[_NAME], name)
            return layout, _aired(widths, available)
    widths = last.widths(groups)
    widths[_NAME] = max(1, min(widths[_NAME], _left_for_names(widths, available)))
    return last, widths


def _left_for_names(widths: list[int], available: int) -> int:
    gaps = len(widths) - 1
    return available - gaps - sum(widths) + widths[_NAME]


def _aired(widths: list[int], available: int) -> list[int]:
    """Widen the gaps where there is room for all of them."""
    gaps = len(widths) - 1
    spare = 1 if available - gaps - sum(widths) >= gaps else 0
    return [*widths[:1], *(width + spare for width in widths[1:])]


def _candidates(columns: tuple[Column, ...], *, told: bool) -> Iterator[Layout]:
    stacks: dict[str, list[Column]] = {}
    for column in columns:
        stacks.setdefault(column.place, []).append(column)
    places = {name: Place(tuple(c.short for c in s), tuple(s)) for name, s in stacks.items()}
    yield Layout(stacked=False, notes=told, places=tuple(Place(c.heading, (c,)) for c in columns))
    yield Layout(stacked=True, notes=told, places=tuple(places.values()))
    left_out: list[Column] = []
    yield Layout(stacked=True, notes=False, places=tuple(places.values()))
    for name in filter(places.__contains__, _LEAVING):
        left_out += places.pop(name).columns
        yield Layout(
            stacked=True, notes=False, places=tuple(places.values()), left_out=tuple(left_out)
        )
