"""Limits of a recipe, and the exit code of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..comparison.schema import Comparison, LimitCheck, Row
from ..measuring.checks import metric_of
from ..recipe.recipe import LIMITS, Recipe

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Statuses of rows that have figures.
MEASURED = ("ok", "no_effect")


def check_limits(row: Row, limits: Mapping[str, float]) -> tuple[LimitCheck, ...]:
    """Hold a row against the recipe's limits; a value that is not there keeps no limit."""
    return tuple(_check(name, limit, _value(row, name)) for name, limit in limits.items())


def exit_code(comparison: Comparison, recipes: Mapping[str, Recipe]) -> int:
    """Return 0 where every row is ok or allowed, and within its limits, else 1."""
    for row in comparison.results:
        allowed = recipes[row.recipe].allow
        if row.status not in ("ok", *allowed):
            return 1
        if not within_limits(row):
            return 1
    return 0


def within_limits(row: Row) -> bool:
    """Tell whether a row keeps its limits; one that was not measured has none to keep."""
    return row.status not in MEASURED or all(check.ok for check in row.limits)


def _check(name: str, limit: float, value: float | None) -> LimitCheck:
    if value is None:
        reason = "the row has no such figure"
        return LimitCheck(name=name, limit=limit, value=None, ok=False, reason=reason)
    ok = value <= limit if LIMITS[name] == "maximum" else value >= limit
    return LimitCheck(name=name, limit=limit, value=value, ok=ok)


def _value(row: Row, name: str) -> float | None:
    metric, _, difference = name.partition("_")
    found: float | None = None
    if row.deployable is not None and name in ("bytes", "deflated_bytes", "bits_per_weight"):
        found = getattr(row.deployable, name)
    elif metric in ("top1", "top5"):
        figure = metric_of(row.quality, metric) if row.quality is not None else None
        found = getattr(figure, "difference" if difference else "value", None)
    elif name in ("agreement", "sqnr_db"):
        found = getattr(row.quality, name, None)
    elif name.startswith("latency_") and row.speed is not None:
        found = getattr(row.speed.latency_ms, name.split("_")[1], None)
    elif name == "speedup" and row.speed is not None:
        found = getattr(row.speed.versus_same_runtime_float, "median", None)
    elif name == "peak_rss_bytes":
        found = getattr(row.memory, name, None)
    return found
