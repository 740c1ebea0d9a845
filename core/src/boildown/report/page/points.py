"""What the plots of the page show: a point a row, the float twins, the input and the fronts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...recipe.recipe import MEASURED
from .. import numbers
from ..front import staircase
from ..metric import metric_heading, primary
from ..text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...comparison.schema import Deployable, Interval, ModelRecord, Quality, Speed
    from ..view import Group, View

#: Names of the two plots, after what their horizontal axis shows; up and right is better.
PLOTS = ("size", "speed")
#: How far from the float32 input a row is near it, as a share of the input's own score.
_NEAR = 0.05


def plots_of(group: Group) -> dict[str, Any] | None:
    """Return the plots of one model as plain data; None where no row has a difference to show."""
    model = group.model
    rows = [_row(view, model) for view in group.views if model is not None]
    shown = [row for row in rows if row is not None]
    if not shown:
        return None
    metric = primary(shown_quality(group), model)
    before = primary(model.baseline.quality) if model else None
    upwards = metric is None or metric.higher_is_better
    return {
        # As the rows of the table have it, so that its filter finds the plots.
        "model": visible(group.name),
        "metric": metric_heading(metric.name) if metric else "quality",
        "upwards": upwards,
        "near": _number(_NEAR * abs(before.value)) if before and before.value else None,
        "rows": shown,
        "twins": _twins(group.views, model),
        "fronts": {plot: _front(shown, plot, upwards=upwards) for plot in PLOTS},
    }


def shown_quality(group: Group) -> Quality | None:
    """Return a quality of the group that has a difference, which names the metric of its plots."""
    found = (view.row.quality for view in group.views)
    return next(
        (q for q in found if (m := primary(q, group.model)) and m.difference is not None), None
    )


def _row(view: View, model: ModelRecord | None) -> dict[str, Any] | None:
    row = view.row
    if row.status not in MEASURED:
        return None
    point = _point(row.deployable, row.quality, row.speed, model)
    if point is None:
        return None
    return {
        "number": view.number,
        "recipe": visible(row.recipe),
        "backend": visible(row.backend),
        "rank": view.standing.rank,
        **point,
    }


def _point(
    file: Deployable | None,
    quality: Quality | None,
    speed: Speed | None,
    model: ModelRecord | None,
) -> dict[str, Any] | None:
    metric = primary(quality, model)
    before = model.baseline.size.deflated_bytes if model else None
    if metric is None or metric.difference is None:
        return None
    after = file.deflated_bytes if file else None
    ratio = speed.versus_onnxruntime_float if speed else None
    latency = speed.latency_ms if speed else None
    return {
        "difference": _number(metric.difference),
        "told": numbers.difference(
            metric.difference, metric.difference_interval, like=metric.value
        ),
        "spread": _spread(metric.difference, metric.difference_interval),
        "size": _number(before / after) if before and after else None,
        "speed": _number(ratio.median) if ratio else None,
        "speed_spread": _spread(ratio.median, ratio.interval) if ratio else None,
        "p50": _number(latency.p50) if latency else None,
    }


def _twins(views: Sequence[View], model: ModelRecord | None) -> list[dict[str, Any]]:
    """Return each float twin once, with its rows: those of one backend mostly share it."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for view in views:
        twin = view.row.float_twin
        if twin is None:
            continue
        point = _point(twin.deployable, twin.quality, twin.speed, model)
        if point is not None:
            key = (view.row.backend, twin.deployable.sha256)
            found.setdefault(key, {**point, "numbers": []})["numbers"].append(view.number)
    return [{"backend": visible(backend), **point} for (backend, _), point in found.items()]


def _front(rows: Sequence[dict[str, Any]], plot: str, *, upwards: bool) -> list[list[float]]:
    """Return the front of the two axes of a plot, with the float32 input at (1, 0)."""
    sign = 1 if upwards else -1
    points = [(row[plot], sign * row["difference"]) for row in rows if row[plot] is not None]
    return [[x, sign * y] for x, y in staircase([*points, (1.0, 0.0)])]


def _spread(value: float, interval: Interval | None) -> list[float] | None:
    """Return how far the interval reaches below and above the value."""
    return interval and [_number(value - interval[0]), _number(interval[1] - value)]


def _number(value: float) -> float:
    return float(f"{value:.6g}")
