"""The few forms of Markdown that reports are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .numbers import MISSING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


def table(headings: list[str], rows: Iterable[list[str]], left: Collection[int] = ()) -> str:
    """Return a table of escaped cells; columns that are empty in all rows are left out."""
    body = [list(row) for row in rows]
    kept = [i for i, _ in enumerate(headings) if any(row[i] not in {"", MISSING} for row in body)]
    if not kept:
        return ""
    rule = [":---" if i in left else "---:" for i in kept]
    lines = [[headings[i] for i in kept], rule, *([row[i] for i in kept] for row in body)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def bullets(lines: Iterable[str]) -> str:
    """Return escaped lines as a list."""
    return "\n".join(f"- {line}" for line in lines)


def section(title: str, body: str, *, level: int = 2) -> str:
    """Return a titled section, nothing at all where there is nothing to say."""
    return f"{'#' * level} {title}\n\n{body}" if body else ""


def shown(value: object) -> str:
    """Return a plain figure as text."""
    if value is None or value == "":
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.4g}" if isinstance(value, float) else str(value)


def told(settings: Mapping[str, object]) -> str:
    """Return settings as `name value` pairs, without those that demand nothing."""
    pairs = ((name, _told(value)) for name, value in settings.items())
    return ", ".join(f"{name} {value}" for name, value in pairs if value)


def _told(value: object) -> str:
    if isinstance(value, dict):
        inner = told(value)
        return f"({inner})" if inner else ""
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return "" if value is None else str(value)
