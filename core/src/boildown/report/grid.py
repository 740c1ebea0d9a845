"""One `rich` table a model, all of them with the same columns, so that they line up."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from .layout import fitting

if TYPE_CHECKING:
    from .columns import Column
    from .layout import Layout, Lines
    from .view import Group

_STYLES = {
    "ok": "",
    "no_effect": "yellow",
    "unsupported": "yellow",
    "failed": "red",
    "timeout": "red",
    "out_of_memory": "red",
}


def grids(
    groups: tuple[Group, ...], columns: tuple[Column, ...], width: int
) -> tuple[list[Table], tuple[Column, ...]]:
    """Return the tables for `width` columns of a terminal, and the figures that had no room."""
    if not groups:
        return [], ()
    layout, widths = fitting(groups, columns, width)
    return [_grid(group, layout, widths) for group in groups], layout.left_out


def _grid(group: Group, layout: Layout, widths: list[int]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 0))
    names = 3 if layout.stacked else 4
    figures = range(names, names + len(layout.places))
    for index, (heading, width) in enumerate(zip(layout.headings(group), widths, strict=True)):
        right = index == 0 or index in figures
        table.add_column(
            Text("\n".join(heading)),
            justify="right" if right else "left",
            vertical="top",
            overflow="fold",
            min_width=width,
            max_width=width,
        )
    first = layout.baseline_cells(group)
    if first is not None:
        table.add_row(*map(_text, first, widths), end_section=True)
    for view in group.views:
        cells = map(_text, layout.cells(view), widths)
        table.add_row(*cells, style=_STYLES[view.row.status])
    return table


def _text(lines: Lines, width: int) -> Text:
    """Wrap at hyphens first, which `rich` does not, so that names break between their words."""
    return Text("\n".join("\n".join(textwrap.wrap(line, width)) for line in lines))
