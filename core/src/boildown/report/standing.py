"""Where each row stands among those of its model and test data, and why, in words.

Rows are ranked by deflated size, CPU time against float32 in ONNX Runtime, and the paired
difference of the first metric. The float32 input takes part as number 0.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Literal, NamedTuple

from ..comparison.subjects import records_of, subjects
from ..recipe.recipe import MEASURED
from . import numbers
from .front import Estimate, Place, Point, places
from .metric import metric_heading, primary
from .standing_words import QUALITY, SIZE, SPEED, dominated, near, on_front

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..comparison.schema import Comparison, Metric, ModelRecord, Row
    from ..comparison.subjects import Subject

#: `near`: not on the front but for a difference that may be chance.
Rank = Literal["front", "near", "dominated", "unranked"]
#: Names and padding alone move a file by 0.1 %, which is no gain: the share of each of two.
_SIZE_SLACK = 0.001 / math.sqrt(2)
_ONE, _ZERO = Estimate.exact(1), Estimate.exact(0)
_INPUT = Point(
    0,
    {SIZE: _ONE, SPEED: _ONE, QUALITY: _ZERO},
    {SIZE: f"1{numbers.TIMES}", SPEED: f"1{numbers.TIMES}", QUALITY: "0"},
)
#: Stands beside the number of a row in tables.
MARKS: dict[Rank, str] = {"front": "●", "near": "○", "dominated": "", "unranked": ""}


class Standing(NamedTuple):
    """The rank of a row with the reason; `by` are the rows that decide it, 0 the float32 input."""

    rank: Rank
    words: str
    by: tuple[int, ...] = ()

    @property
    def mark(self) -> str:
        """The sign in tables; empty where a row is neither on the front nor near it."""
        return MARKS[self.rank]


def standings(comparison: Comparison) -> list[Standing]:
    """Return the standing of every row, in the order of the file.

    Rows are compared within one model, one machine, the same test data, one metric and one number
    of samples.
    """
    models = records_of(comparison)
    found: dict[int, Standing] = {}
    groups: dict[tuple[Subject, str, int], list[Point]] = defaultdict(list)
    rows = zip(comparison.results, subjects(comparison), strict=True)
    for number, (row, subject) in enumerate(rows, start=1):
        model = models.get(subject)
        metric = primary(row.quality, model)
        why = _unranked(row, model, metric)
        if why or model is None or metric is None:
            found[number] = Standing("unranked", f"not ranked: {why}")
        else:
            point = _point(number, row, model, metric)
            groups[subject, metric.name, metric.n].append(point)
    for (_, name, _), points in groups.items():
        every = [_INPUT, *points]
        where = places(every)
        for point in points:
            found[point.number] = _standing(point, where, every, metric_heading(name))
    return [found[number] for number in sorted(found)]


def _point(number: int, row: Row, model: ModelRecord, metric: Metric) -> Point:
    before, file = model.baseline.size.deflated_bytes, row.deployable
    if not before or file is None or not file.deflated_bytes or metric.difference is None:
        raise ValueError("only rows with a size and a difference have a place")
    low, high = metric.difference_interval or (-math.inf, math.inf)
    change = Estimate(metric.difference, low, high)
    size = before / file.deflated_bytes
    axes = {
        SIZE: Estimate(size, size * (1 - _SIZE_SLACK), size * (1 + _SIZE_SLACK)),
        QUALITY: change if metric.higher_is_better else change.turned(),
    }
    shown = {
        SIZE: numbers.times(before, file.deflated_bytes),
        QUALITY: numbers.difference(
            metric.difference, metric.difference_interval, like=metric.value
        ),
    }
    ratio = row.speed.versus_onnxruntime_float if row.speed else None
    if ratio is not None:
        axes[SPEED] = Estimate(ratio.median, *ratio.interval)
        shown[SPEED] = numbers.ratio(ratio)
    return Point(number, axes, shown)


def _unranked(row: Row, model: ModelRecord | None, metric: Metric | None) -> str:
    """Return why a row has no place, empty where it has one."""
    return next(_obstacles(row, model, metric), "")


def _obstacles(row: Row, model: ModelRecord | None, metric: Metric | None) -> Iterator[str]:
    if row.status not in MEASURED:
        yield f"{row.status}, {row.reason or 'no reason was given'}"
    if model is None:
        yield "the model could not be read"
    elif not model.baseline.size.deflated_bytes:
        yield "the size of the float32 input was not measured"
    if row.deployable is None or not row.deployable.deflated_bytes:
        yield "its size was not measured"
    if metric is None:
        reason = row.quality.reason if row.quality else ""
        yield f"no accuracy, {reason or 'quality was not measured'}"
    elif metric.value is None:
        yield f"no accuracy, {metric.reason or 'it was not measured'}"
    elif metric.difference is None:
        yield f"no difference to the float32 input, {metric.reason or 'it was not measured'}"


def _standing(
    point: Point, where: dict[int, Place], every: Sequence[Point], metric: str
) -> Standing:
    place = where[point.number]
    known = {other.number: other for other in every}
    free = {number for number, found in where.items() if not found.dominators}
    if place.dominators:
        best = [known[number] for number in place.dominators]
        return Standing("dominated", dominated(point, best, free, metric), place.dominators)
    if place.rivals:
        best = [known[number] for number in place.rivals]
        return Standing("near", near(point, best, free, metric), place.rivals)
    others = [other for other in every if other is not point]
    return Standing("front", on_front(point, others, place.same, metric), place.same)
