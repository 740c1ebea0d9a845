"""The results as HTML for a notebook; text of users and toolkits is escaped."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

from . import findings, method
from .columns import metric_name, shown
from .findings import notes
from .layout import BASELINE
from .numbers import MISSING
from .text import clean
from .view import groups, views

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..comparison.schema import Comparison
    from .columns import Column
    from .findings import Finding
    from .view import Group

_LEFT = ' style="text-align:left"'
_RIGHT = ' style="text-align:right"'


def to_html(comparison: Comparison) -> str:
    """Return a fragment: a table a model, then reasons, warnings and what the columns mean."""
    found, every = groups(comparison), views(comparison)
    columns = shown(found)
    told = [
        *findings.not_ok(every),
        *findings.limits_missed(every),
        *findings.warnings(every),
        *findings.figures_missing(every),
    ]
    meanings = method.meanings(comparison, columns)
    return "\n".join(
        [
            "<div>",
            *(_table(group, columns) for group in found),
            f"<p>{_text(method.summary(comparison))}</p>",
            _list(map(_sentence, told)),
            "<details><summary>How to read this</summary>",
            _list(f"<b>{_text(term)}</b>: {_text(meaning)}" for term, meaning in meanings),
            "</details>",
            "</div>",
        ]
    )


def _table(group: Group, columns: tuple[Column, ...]) -> str:
    metric = metric_name(group)
    names = ["#", "", "recipe", "backend", *(c.title(metric) for c in columns), "notes"]
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in names)
    rows = []
    if group.model is not None:
        figures = [column.baseline(group.model) for column in columns]
        rows.append(_row(["", "", *BASELINE], figures, ""))
    for view in group.views:
        missing = MISSING if view.row.deployable is not None else ""
        figures = [column.cell(view) or missing for column in columns]
        named = [str(view.number), view.standing.mark, view.row.recipe, view.row.backend]
        rows.append(_row(named, figures, ", ".join(notes(view))))
    caption = f"<b>{_text(group.name)}</b> {_text(method.network(group.model))}"
    body = "\n".join(rows)
    return (
        f'<table><caption style="text-align:left">{caption}</caption>'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"
    )


def _row(named: list[str], figures: list[str], told: str) -> str:
    left, right = (
        "".join(f"<td{side}>{_text(cell)}</td>" for cell in cells)
        for side, cells in ((_LEFT, named), (_RIGHT, figures))
    )
    return f"<tr>{left}{right}<td{_LEFT}>{_text(told)}</td></tr>"


def _sentence(finding: Finding) -> str:
    return f"{finding.rows} <b>{_text(finding.label)}</b>: {_text(finding.text)}"


def _list(lines: Iterable[str]) -> str:
    items = "".join(f"<li>{line}</li>" for line in lines)
    return f"<ul>{items}</ul>" if items else ""


def _text(text: str) -> str:
    return html.escape(clean(text))
