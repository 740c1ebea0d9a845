"""`comparison.md`: all that the terminal shows and the details behind it, for GitHub to render."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..files import write_atomically
from . import findings, method
from .columns import metric_name, shown
from .findings import notes
from .layout import BASELINE
from .markdown_front import ranking
from .markdown_method import about, provenance
from .markdown_parts import bullets, section, table
from .markdown_quality import quality, twins
from .markdown_speed import speed
from .markdown_work import changed, cost, steps
from .numbers import MISSING
from .text import code, markdown
from .view import groups, views

if TYPE_CHECKING:
    from pathlib import Path

    from ..comparison.schema import Comparison
    from .columns import Column
    from .findings import Finding
    from .view import Group

NAME = "comparison.md"


def write_markdown(comparison: Comparison, folder: Path) -> Path:
    """Write `folder`/comparison.md atomically."""
    return write_atomically(folder / NAME, to_markdown(comparison))


def to_markdown(comparison: Comparison) -> str:
    """Return the whole report; text of users and toolkits is escaped, never interpreted."""
    found, every = groups(comparison), views(comparison)
    columns = shown(found)
    baselines = [
        f"{code(model)}: {markdown(reason)}"
        for model, reason in findings.baselines_missing(comparison)
    ]
    missing = [*findings.figures_missing(every), *findings.details_missing(every)]
    parts = [
        f"# Comparison\n\n{method.summary(comparison)}.",
        *(_results(group, columns) for group in found),
        section("Ranking", ranking(found)),
        section("Not ok", bullets(map(_sentence, findings.not_ok(every)))),
        section("Limits missed", bullets(map(_sentence, findings.limits_missed(every)))),
        section("Warnings", bullets(map(_sentence, findings.warnings(every)))),
        section("Missing figures", bullets([*map(_sentence, missing), *baselines])),
        section("Quality", quality(comparison)),
        section("Speed, memory and energy", speed(every)),
        section("The uncompressed model on each backend (float twin)", twins(every)),
        section("What was done", steps(every)),
        section("What changed", changed(every)),
        section("What compressing cost", cost(every)),
        about(comparison, columns),
        provenance(comparison),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _results(group: Group, columns: tuple[Column, ...]) -> str:
    metric = metric_name(group)
    headings = [
        "#",
        "",
        "recipe",
        "backend",
        "status",
        *(c.title(metric) for c in columns),
        "notes",
    ]
    rows = []
    if group.model is not None:
        figures = [column.baseline(group.model) for column in columns]
        rows.append(["", "", *BASELINE, "", *figures, ""])
    for view in group.views:
        row = view.row
        missing = MISSING if row.deployable is not None else ""
        figures = [column.cell(view) or missing for column in columns]
        told = [markdown(note) for note in notes(view) if note != row.status]
        named = [
            str(view.number),
            view.standing.mark,
            code(row.recipe),
            code(row.backend),
            row.status,
        ]
        rows.append([*named, *figures, "<br>".join([*told, *filter(None, [markdown(row.reason)])])])
    left = {1, 2, 3, 4, len(headings) - 1}
    printed = table(headings, rows, left)
    return f"## {code(group.name)}\n\n{method.network(group.model)}\n\n{printed}"


def _sentence(finding: Finding) -> str:
    return f"{finding.rows} **{markdown(finding.label)}**: {markdown(finding.text)}"
