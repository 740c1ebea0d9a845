"""The matrix of `boildown plan`: every step against every backend, reasons in sentences below."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .text import clean, counted

if TYPE_CHECKING:
    from rich.console import ConsoleOptions, RenderResult

    from ..negotiation.plan import BackendPlan, Plan, PlanCell, RecipePlan

_LONGEST_WORD = len("approximately")
_STYLES = {"yes": "", "approximately": "yellow", "no": "red"}


class PlanTable:
    """A plan for `console.print`."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield a matrix a recipe with its notes, then what would run."""
        for recipe in self.plan.recipes:
            notes = _Notes()
            yield Text(clean(recipe.recipe), style="bold")
            yield _matrix(recipe, notes)
            yield Padding(notes.legend(), (0, 0, 1, 2))
        yield Text(_jobs(self.plan))


def plain_plan(plan: Plan, *, width: int = 120) -> str:
    """Return the plan as plain text, no line longer than `width` columns of a terminal."""
    buffer = io.StringIO()
    console = Console(file=buffer, width=width, color_system=None, legacy_windows=False)
    console.print(PlanTable(plan))
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"


class _Notes:
    """Numbers for sentences, so that cells stay short and a sentence is said once."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def marks(self, sentences: tuple[str, ...]) -> str:
        known = [self._numbers.setdefault(clean(s), len(self._numbers) + 1) for s in sentences]
        return "".join(f" [{number}]" for number in known)

    def legend(self) -> Table:
        legend = Table.grid(padding=(0, 1, 0, 0))
        for sentence, number in self._numbers.items():
            legend.add_row(Text(f"[{number}]"), Text(sentence))
        return legend


def _matrix(recipe: RecipePlan, notes: _Notes) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("step")
    for backend in recipe.backends:
        table.add_column(_heading(backend), min_width=_LONGEST_WORD)
    for index, step in enumerate(recipe.steps):
        cells = [_cell(backend.cells[index], notes) for backend in recipe.backends]
        table.add_row(Text(f"{index + 1} {clean(step)}"), *cells)
    if any(backend.obstacles for backend in recipe.backends):
        table.add_row("on this computer", *(_runs_here(b, notes) for b in recipe.backends))
    return table


def _heading(backend: BackendPlan) -> Text:
    return Text("\n".join(filter(None, map(clean, (backend.backend, backend.toolkit)))))


def _cell(cell: PlanCell, notes: _Notes) -> Text:
    return Text(f"{cell.verdict}{notes.marks(cell.notes)}", style=_STYLES[cell.verdict])


def _runs_here(backend: BackendPlan, notes: _Notes) -> Text:
    if not backend.obstacles:
        return Text("yes")
    return Text(f"no{notes.marks(backend.obstacles)}", style="red")


def _jobs(plan: Plan) -> str:
    models = f" on {', '.join(map(clean, plan.models))}" if plan.models else ""
    time = f", {clean(plan.time)}" if plan.time else ""
    return f"{counted(plan.jobs, 'job')}{models}{time}; platform {clean(plan.platform)}"
