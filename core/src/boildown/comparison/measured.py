"""Whether a part of a record holds a figure: what could not be measured has only a reason in it."""

from __future__ import annotations

from .schema import Memory, Quality, Speed


def was_measured(found: object) -> bool:
    """Tell whether there is a figure; of other parts than these, whether there is anything."""
    if isinstance(found, Quality):
        figures = [found.agreement, found.sqnr_db, *(metric.value for metric in found.metrics)]
        return any(figure is not None for figure in figures)
    if isinstance(found, Speed):
        return found.latency_ms is not None
    if isinstance(found, Memory):
        return found.peak_rss_bytes is not None
    return found is not None
