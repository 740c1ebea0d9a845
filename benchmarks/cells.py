"""How figures and reasons stand in the tables of a record's page."""

from __future__ import annotations


def times(ratio: float | None) -> str:
    """Return a ratio, empty where there is none."""
    return "" if ratio is None else f"{ratio:.2f}×"


def gibibytes(size: int | None) -> str:
    """Return a size in memory, empty where it is not known."""
    return f"{size / 2**30:.2f} GiB" if size else ""


def one_line(text: str) -> str:
    """Return a text that a cell of a Markdown table can hold."""
    return " ".join(text.split()).replace("|", "/")
