"""Limits of a recipe, and the exit code of a run."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..comparison.schema import Comparison, LimitCheck, Row
from ..measuring.checks import metric_of
from ..recipe.recipe import LIMITS, MEASURED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..comparison.schema import Deployable, Memory, Metric, Quality, Speed


#: Why a row is `no_effect`.
NO_CHANGE = "no layer was changed"


def check_limits(row: Row, limits: Mapping[str, float]) -> tuple[LimitCheck, ...]:
    """Hold a row against the recipe's limits; a value that is not there keeps no limit.

    Identical outputs have an infinite SQNR, which keeps every bound.
    """
    return tuple(_check(row, name, limit) for name, limit in limits.items())


def exit_code(comparison: Comparison) -> int:
    """Return 0 where every row is ok or allowed by its recipe, and within its limits, else 1."""
    allowed = {recipe["name"]: recipe.get("allow", ()) for recipe in comparison.recipes}
    for row in comparison.results:
        if row.status not in ("ok", *allowed.get(row.recipe, ())):
            return 1
        if not within_limits(row):
            return 1
    return 0


def within_limits(row: Row) -> bool:
    """Tell whether a row keeps its limits; one that was not measured has none to keep."""
    return row.status not in MEASURED or all(check.ok for check in row.limits)


def _check(row: Row, name: str, limit: float) -> LimitCheck:
    value, why = _figure(row, name)
    kept = value is not None and (value <= limit if LIMITS[name] == "maximum" else value >= limit)
    if value is None or math.isinf(value):  # JSON has no infinity
        reason = why or "the row has no such figure"
        return LimitCheck(name=name, limit=limit, value=None, ok=kept, reason=reason)
    return LimitCheck(name=name, limit=limit, value=value, ok=kept)


def _figure(row: Row, name: str) -> tuple[float | None, str]:
    """Return what is bounded, or None; and what the row says of its group's missing figures."""
    metric, _, difference = name.partition("_")
    group: Deployable | Quality | Metric | Speed | Memory | None = None
    found: float | None = None
    if name in ("bytes", "deflated_bytes", "bits_per_weight"):
        group = row.deployable
        found = getattr(group, name, None)
    elif metric in ("top1", "top5"):
        # Where nothing ran there are no metrics, and the quality says why.
        group = (metric_of(row.quality, metric) or row.quality) if row.quality else None
        found = getattr(group, "difference" if difference else "value", None)
    elif name in ("agreement", "sqnr_db"):
        group = row.quality
        identical = name == "sqnr_db" and group is not None and group.identical
        found = math.inf if identical else getattr(group, name, None)
    elif name.startswith("latency_"):
        group = row.speed
        found = getattr(group.latency_ms, name.split("_")[1], None) if group else None
    elif name == "speedup":
        group = row.speed
        found = getattr(group.versus_same_runtime_float, "median", None) if group else None
    elif name == "peak_rss_bytes":
        group = row.memory
        found = getattr(group, name, None)
    return found, group.reason if group is not None else ""
