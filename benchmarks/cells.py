"""How figures and reasons stand in the tables of a record's page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boildown.report.findings import BUSY

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def times(ratio: float | None) -> str:
    """Return a ratio, empty where there is none."""
    return "" if ratio is None else f"{ratio:.2f}×"


def signed(change: float) -> str:
    """Return a change with its sign and four decimals; more where these would hide which sign."""
    for digits in range(4, 9):
        if float(text := f"{change:+.{digits}f}"):
            return text
    return "0.0000"


def gibibytes(size: int | None) -> str:
    """Return a size in memory, empty where it is not known."""
    return f"{size / 2**30:.2f} GiB" if size else ""


def gathered(cells: Iterable[tuple[str, str]], models: Sequence[str]) -> list[str]:
    """Return cells (model, method) as one text for each set of models: `where: methods`."""
    names: dict[str, list[str]] = {}
    for model, method in cells:
        names.setdefault(method, []).append(model.partition(":")[2])
    methods: dict[str, list[str]] = {}
    for method, found in names.items():
        where = "all" if len(found) == len(models) else ", ".join(sorted(found))
        methods.setdefault(where, []).append(method)
    return [f"{where}: {', '.join(named)}" for where, named in methods.items()]


def of_speed(row: dict[str, Any]) -> list[str]:
    """Return why a row's speed is not there or not sure, where there is a reason."""
    reason, busy = row.get("speed_reason"), row.get("others_busy") or 0.0
    found = [f"speed: {one_line(reason)}"] if reason else []
    if busy >= BUSY:
        found.append(f"others kept {busy:.1f} cores busy")
    return found


def one_line(text: str) -> str:
    """Return a text that a cell of a Markdown table can hold."""
    return " ".join(text.split()).replace("|", "/")
