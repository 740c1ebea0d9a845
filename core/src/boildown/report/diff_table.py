"""What changed between two runs, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from .numbers import three_digits
from .text import clean, counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from .changes import Change
    from .records import Value
    from .verdicts import Verdict

_INDENT = (0, 0, 0, 2)


class DiffTable:
    """Changes and verdicts for `console.print`."""

    def __init__(self, found: Sequence[Change], verdicts: Sequence[Verdict]) -> None:
        self.found, self.verdicts = found, verdicts

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield a paragraph for each row that changed, then what failed, then counts."""
        for change in self.found:
            if change.kind != "same":
                yield from _row(change)
        for outcome, title in (("failed", "Failed"), ("not known", "Not known")):
            lines = [verdict for verdict in self.verdicts if verdict.outcome == outcome]
            if lines:
                yield Text(f"\n{title}", style="bold")
                for verdict in lines:
                    said = f"{_name(verdict.change)}: {verdict.condition}: {verdict.message}"
                    yield Padding(Text(clean(said)), _INDENT)
        yield Text(f"\n{_summary(self.found)}")
        if others := [change for change in self.found if change.not_the_same]:
            rows = counted(len(others), "row")
            yield Text(f"Not the same thing in both runs, only the same names: {rows}.")
        if self.found and (apart := self.found[0].machines_apart):
            yield Text(f"The runs were not measured alike ({apart}): speeds are not compared.")


def _row(change: Change) -> Iterator[RenderableType]:
    said = {"added": " (only in the second run)", "gone": " (only in the first run)"}
    yield Text.assemble((_name(change), "bold"), said.get(change.kind, ""))
    for said_of_it in change.not_the_same:
        yield Padding(Text(said_of_it, style="bold"), _INDENT)
    for field, old, new in change.fields:
        yield Padding(Text(f"{field}: {_shown(old)} → {_shown(new)}"), _INDENT)


def _name(change: Change) -> str:
    return clean(" / ".join(change.name))


def _shown(value: Value) -> str:
    if value is None or value == "":
        return "none"
    if isinstance(value, float):
        return f"{value:.4f}" if abs(value) < 1 else three_digits(value)
    return f"{value:,}" if isinstance(value, int) else clean(value)


def _summary(found: Sequence[Change]) -> str:
    kinds = [change.kind for change in found]
    parts = [f"{kinds.count(kind)} {kind}" for kind in ("changed", "same", "added", "gone")]
    return f"{counted(len(found), 'row')}: {', '.join(parts)}"
