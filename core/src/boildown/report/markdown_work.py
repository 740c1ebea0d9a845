"""What was done to each row, what it changed in the saved file, and what it cost, in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import numbers
from .markdown_parts import shown, table, told
from .numbers import MISSING
from .text import code, markdown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..comparison.schema import StepDone
    from .view import View


def steps(every: Iterable[View]) -> str:
    """Return every step with its settings, and how it differs from what was asked."""
    rows = [
        [
            str(view.number),
            str(index),
            markdown(step.op),
            _settings(step),
            "<br>".join(map(markdown, step.approximations)) or "as asked",
        ]
        for view in every
        for index, step in enumerate(view.row.steps, start=1)
    ]
    return table(["#", "step", "operation", "settings", "carried out"], rows, left=(2, 3, 4))


def _settings(step: StepDone) -> str:
    return markdown(told(step.settings)) or "defaults"


def changed(every: Iterable[View]) -> str:
    """Return what the saved files hold, counted by the host, and the parity of their forms."""
    headings = [
        "#", "file", "format", "layers changed", "bits", "sparsity", "distinct values",
        "counted in", "parameters", "MACs", "parity: difference", "parity: agree",
    ]  # fmt: skip
    rows = []
    for view in every:
        file, audit, parity = view.row.deployable, view.row.audit, view.row.parity
        if file is None:
            continue
        counts = (audit.bits, audit.sparsity, audit.distinct_values) if audit else (None,) * 3
        both = (parity.max_abs_difference, parity.top1_agreement) if parity else (None,) * 2
        rows.append([
            str(view.number),
            code(file.path),
            markdown(file.format),
            f"{audit.layers_changed} of {audit.layers_total}" if audit else MISSING,
            *map(shown, counts),
            markdown(audit.source) if audit else MISSING,
            *map(shown, (file.parameters, file.macs)),
            *map(shown, both),
        ])  # fmt: skip
    return table(headings, rows, left=(1, 2, 7))


def cost(every: Iterable[View]) -> str:
    """Return what each job took."""
    rows = [
        [
            str(view.number),
            shown(spent.wall_seconds),
            shown(spent.cpu_seconds),
            numbers.megabytes(spent.peak_rss_bytes),
            str(spent.epochs),
        ]
        for view in every
        if (spent := view.row.cost) is not None
    ]
    return table(["#", "wall s", "CPU s", "peak RSS MB", "epochs"], rows)
