"""The metric that stands for a task in tables, and its name for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..comparison.schema import Metric, Quality


def primary(quality: Quality | None) -> Metric | None:
    """Return the first metric of a task, the one that tables show."""
    return quality.metrics[0] if quality is not None and quality.metrics else None


def was_measured(quality: Quality) -> bool:
    """Return whether it holds a figure: without data there are none, only reasons."""
    figures = [quality.agreement, quality.sqnr_db, *(metric.value for metric in quality.metrics)]
    return any(figure is not None for figure in figures)


def metric_heading(name: str) -> str:
    """Return a metric's name as people write it."""
    return {"top1": "top-1", "top5": "top-5"}.get(name, name)
