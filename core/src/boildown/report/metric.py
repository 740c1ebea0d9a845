"""The metric that stands for a task in tables, and its name for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..comparison.schema import Metric, ModelRecord, Quality


def primary(quality: Quality | None, model: ModelRecord | None = None) -> Metric | None:
    """Return the metric that tables show: the first that has a value, else the first.

    With `model` it is the one that its float32 input shows, where `quality` has that too: rows
    of one model show one metric, also where it fails for one of them.
    """
    if quality is None or not quality.metrics:
        return None
    shown = primary(model.baseline.quality) if model is not None else None
    same = [metric for metric in quality.metrics if shown and metric.name == shown.name]
    known = [metric for metric in quality.metrics if metric.value is not None]
    return next(iter((*same, *known, *quality.metrics)))


def metric_heading(name: str) -> str:
    """Return a metric's name as people write it."""
    return {"top1": "top-1", "top5": "top-5"}.get(name, name)
