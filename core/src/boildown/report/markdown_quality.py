"""Quality of every measured row in Markdown, with what conversion alone costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..comparison.measured import was_measured
from ..comparison.subjects import records_of, subject_titles
from . import numbers
from .markdown_parts import shown, table
from .metric import metric_heading, primary
from .numbers import MISSING
from .text import code, markdown, row_numbers
from .view import views

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..comparison.schema import Comparison, FloatTwin, Interval, Quality
    from .view import View


def quality(comparison: Comparison) -> str:
    """Return every metric of every measured row, after those of the float32 inputs."""
    headings = [
        "#", "of", "metric", "value", "95 %", "n", "difference", "95 % of difference",
        "SQNR dB", "measured on",
    ]  # fmt: skip
    rows: list[list[str]] = []
    titles = subject_titles(comparison)
    for subject, model in records_of(comparison).items():
        rows += _scores("", f"float32 {code(titles[subject])}", model.baseline.quality)
    for view in views(comparison):
        number, row = str(view.number), view.row
        rows += _scores(number, "result", row.quality)
        rows += _scores(
            number, "same training, uncompressed", row.control.quality if row.control else None
        )
    return table(headings, rows, left=(1, 2, 9))


def _scores(number: str, of: str, found: Quality | None) -> Iterator[list[str]]:
    if found is not None and not found.metrics and was_measured(found):
        told = [shown(found.sqnr_db), markdown(found.measured_on)]
        yield [number, of, *[MISSING] * 6, *told]
    for metric in found.metrics if found else ():
        like = metric.value
        yield [
            number,
            of,
            markdown(metric_heading(metric.name)),
            numbers.score(metric.value) or MISSING,
            _between(metric.interval, like),
            f"{metric.n:,}",
            numbers.difference(metric.difference, None, like=like) or MISSING,
            _between(metric.difference_interval, like),
            shown(found.sqnr_db if found and metric is primary(found) else None),
            markdown(found.measured_on) if found and was_measured(found) else MISSING,
        ]


def _between(interval: Interval | None, like: float | None) -> str:
    if interval is None:
        return MISSING
    return " to ".join(numbers.score(end, like=like) for end in interval)


def twins(every: Iterable[View]) -> str:
    """Return what conversion alone does: the untouched model on every backend."""
    rows: dict[tuple[str, str, FloatTwin], list[int]] = {}
    for view in every:
        if view.row.float_twin is not None:
            key = (view.row.model, view.row.backend, view.row.float_twin)
            rows.setdefault(key, []).append(view.number)
    headings = [
        "model", "backend", "format", "MB", "metric", "difference", "agree", "p50 ms", "of",
    ]  # fmt: skip
    body = [
        [code(model), code(backend), *_twin(twin), row_numbers(numbers_of)]
        for (model, backend, twin), numbers_of in rows.items()
    ]
    return table(headings, body, left=(0, 1, 2, 4, 8))


def _twin(twin: FloatTwin) -> list[str]:
    metric = primary(twin.quality)
    change = (metric.difference, metric.difference_interval) if metric else (None, None)
    latency = twin.speed.latency_ms if twin.speed else None
    return [
        markdown(twin.deployable.format),
        numbers.megabytes(twin.deployable.bytes),
        markdown(metric_heading(metric.name)) if metric else MISSING,
        numbers.difference(*change, like=metric.value if metric else None) or MISSING,
        numbers.score(twin.quality.agreement if twin.quality else None) or MISSING,
        numbers.three_digits(latency.p50) if latency else MISSING,
    ]
