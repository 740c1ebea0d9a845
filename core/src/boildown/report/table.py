"""The results on a terminal: a table a model, then everything that needs a sentence."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from . import findings, method
from .columns import shown
from .grid import grids
from .text import clean
from .view import groups, views

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.console import ConsoleOptions, RenderableType, RenderResult

    from ..comparison.schema import Comparison
    from .view import Group as ModelGroup

_INDENT = (0, 0, 0, 2)


class ResultsTable:
    """A comparison for `console.print`; it lays itself out for the width it is given."""

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield tables and paragraphs."""
        found = groups(self.comparison)
        columns = shown(found)
        tables, left_out = grids(found, columns, options.max_width)
        for group, table in zip(found, tables, strict=True):
            yield Group(_title(group), table, Text(""))
        if left_out:
            names = ", ".join(column.title("the metric") for column in left_out)
            yield Text(f"Left out for want of room: {names}. They stand in comparison.md.\n")
        yield from self._sections()

    def _sections(self) -> Iterator[RenderableType]:
        every = views(self.comparison)
        baselines = [
            Text(f"{clean(model)}: {reason}")
            for model, reason in findings.baselines_missing(self.comparison)
        ]
        yield _legend(method.meanings(self.comparison, shown(groups(self.comparison))))
        yield from _section("Warnings", map(_line, findings.warnings(every)))
        yield from _section("Missing figures", map(_line, findings.figures_missing(every)))
        yield from _section("Missing figures of the float32 inputs", baselines)
        yield from _section("Not ok", map(_line, findings.not_ok(every)))
        yield from _section("Limits missed", map(_line, findings.limits_missed(every)))
        yield Text(f"\n{method.summary(self.comparison)}")


def plain(comparison: Comparison, *, width: int = 120) -> str:
    """Return the results as plain text, no line longer than `width` columns of a terminal."""
    buffer = io.StringIO()
    console = Console(file=buffer, width=width, color_system=None, legacy_windows=False)
    console.print(ResultsTable(comparison))
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"


def _title(group: ModelGroup) -> Text:
    return Text.assemble((clean(group.name), "bold"), (f"  {method.network(group.model)}", "dim"))


def _line(finding: findings.Finding) -> Text:
    return Text.assemble((f"{finding.rows} ", ""), (finding.label, "bold"), f": {finding.text}")


def _section(title: str, lines: Iterable[RenderableType]) -> Iterator[RenderableType]:
    body = [Padding(line, _INDENT) for line in lines]
    if body:
        yield Text("")
        yield Text(title, style="bold")
        yield from body


def _legend(meanings: list[tuple[str, str]]) -> Table:
    legend = Table.grid(padding=(0, 2, 0, 0))
    legend.add_column(no_wrap=True)
    legend.add_column()
    for term, meaning in meanings:
        legend.add_row(Text(term), Text(meaning), style="dim")
    return legend
