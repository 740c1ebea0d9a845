"""Make text of users and toolkits safe to print: on a terminal and in Markdown."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[@-_]?")
#: Joiners are unprintable to Python, but spell words in Persian, Hindi and emoji.
_JOINERS = "\u200c\u200d"
#: Everything that GitHub's Markdown gives a meaning within a line; `$` begins a formula there, and
#: an underscore inside a word means nothing.
_MARKDOWN = re.compile(r"([\\`*\[\]|~$#]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")


def clean(text: str) -> str:
    """Return `text` on one line, without escape sequences and other control characters."""
    visible = (
        char if char.isprintable() or char.isspace() or char in _JOINERS else ""
        for char in _ANSI.sub("", text)
    )
    return " ".join("".join(visible).split())


def visible(text: str) -> str:
    """Return `text` as it is where all of it shows, else `clean`."""
    return text if text.isprintable() else clean(text)


def markdown(text: str) -> str:
    """Return `text` as Markdown prose that renders as exactly these words."""
    return _MARKDOWN.sub(r"\\\1", html.escape(clean(text), quote=False))


def code(text: str) -> str:
    """Return `text` as a code element that stands in a table cell as well as in prose.

    It is HTML, because a Markdown code span takes a `|` differently inside and outside tables.
    """
    return f"<code>{markdown(text)}</code>"


def counted(count: int, noun: str) -> str:
    """Return `1 layer`, `2 layers`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def row_numbers(numbers: Iterable[int]) -> str:
    """Return `row 3` or `rows 1-3, 7`."""
    ordered = sorted(set(numbers))
    spans: list[list[int]] = []
    for number in ordered:
        if spans and number == spans[-1][-1] + 1:
            spans[-1][1:] = [number]
        else:
            spans.append([number])
    text = ", ".join("-".join(map(str, span)) for span in spans)
    return f"row {text}" if len(ordered) == 1 else f"rows {text}"
