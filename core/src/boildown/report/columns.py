"""The columns of the results table, one definition for terminal, Markdown and notebook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import numbers
from .metric import metric_heading, primary

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..comparison.schema import Memory, ModelRecord, Quality, Speed
    from .view import Group, View

#: Stands in a heading for the name of a model's first metric.
METRIC = "{metric}"


@dataclass(frozen=True, slots=True)
class Column:
    """One figure of a row; `cell` and `baseline` return an empty text where there is none."""

    #: Two lines, for a column of its own.
    heading: tuple[str, str]
    #: One line, where it shares a column with the other figures of its place.
    short: str
    place: str
    cell: Callable[[View], str]
    baseline: Callable[[ModelRecord], str]
    #: The heading again and what it means, with the denominator; empty where it says all.
    meaning: tuple[str, str] = ("", "")

    def title(self, metric: str) -> str:
        """Return the heading as one line, for a task whose first metric is `metric`."""
        return " ".join(filter(None, self.heading)).replace("/ ", "/").replace(METRIC, metric)


def shown(group_list: tuple[Group, ...]) -> tuple[Column, ...]:
    """Return the columns that say something about at least one row."""
    every = [view for group in group_list for view in group.views]
    return tuple(column for column in COLUMNS if any(column.cell(view) for view in every))


def metric_name(group: Group) -> str:
    """Return the heading of the quality columns for one model."""
    qualities = [view.row.quality for view in group.views]
    if group.model is not None:
        qualities.insert(0, group.model.baseline.quality)
    names = [metric.name for metric in map(primary, qualities) if metric is not None]
    return metric_heading(names[0]) if names else "quality"


def _megabytes(view: View) -> str:
    return numbers.megabytes(view.row.deployable.bytes) if view.row.deployable else ""


def _ratio(view: View) -> str:
    if view.model is None or view.row.deployable is None:
        return ""
    return numbers.times(view.model.baseline.size.bytes, view.row.deployable.bytes)


def _deflated(view: View) -> str:
    if view.model is None or view.row.deployable is None:
        return ""
    before = view.model.baseline.size.deflated_bytes
    return numbers.times(before, view.row.deployable.deflated_bytes)


def _bits(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _score(quality: Quality | None, model: ModelRecord | None) -> str:
    metric = primary(quality, model)
    return numbers.score(metric.value) if metric else ""


def _difference(view: View) -> str:
    metric = primary(view.row.quality, view.model)
    if metric is None:
        return ""
    return numbers.difference(metric.difference, metric.difference_interval, like=metric.value)


def _agreement(quality: Quality | None) -> str:
    return numbers.score(quality.agreement) if quality else ""


def _latency(speed: Speed | None) -> str:
    return numbers.three_digits(speed.latency_ms.p50) if speed and speed.latency_ms else ""


def _peak(memory: Memory | None) -> str:
    return numbers.megabytes(memory.peak_rss_bytes) if memory else ""


def _one(_: ModelRecord) -> str:
    return f"1{numbers.TIMES}"


COLUMNS = (
    Column(
        ("size", "MB"),
        "MB",
        "size",
        _megabytes,
        lambda model: numbers.megabytes(model.baseline.size.bytes),
        ("MB", "10^6 bytes of the file or folder that ships"),
    ),
    Column(
        ("size", "ratio"),
        "ratio",
        "size",
        _ratio,
        _one,
        ("ratio", "bytes of the float32 ONNX input / bytes of this file; above 1 is smaller"),
    ),
    Column(
        ("deflated", "ratio"),
        "deflated",
        "packed",
        _deflated,
        _one,
        ("deflated", "the same ratio with both files deflated, as in a zip file"),
    ),
    Column(
        ("bits/", "weight"),
        "bits/w",
        "packed",
        lambda view: _bits(view.row.deployable.bits_per_weight if view.row.deployable else None),
        lambda model: _bits(model.baseline.size.bits_per_weight),
        ("bits/weight", "bits of the stored weights / number of weights of the original network"),
    ),
    Column(
        ("", METRIC),
        METRIC,
        "quality",
        lambda view: _score(view.row.quality, view.model),
        lambda model: _score(model.baseline.quality, model),
    ),
    Column(
        (METRIC, "difference"),
        "difference",
        "quality",
        _difference,
        lambda _: "",
        (
            "difference",
            "this - float32 ONNX input, paired by sample, ± the farther end of the 95 % interval",
        ),
    ),
    Column(
        ("", "agree"),
        "agree",
        "agreement",
        lambda view: _agreement(view.row.quality),
        lambda _: "",
        ("agree", "share of samples with the same first choice as the float32 ONNX input"),
    ),
    Column(
        ("speed vs", "own float"),
        f"{numbers.TIMES} own float",
        "speed",
        lambda view: numbers.ratio(
            view.row.speed.versus_same_runtime_float if view.row.speed else None
        ),
        lambda _: "",
        (
            "own float",
            "CPU time of the uncompressed model in the same runtime / this one's, ± 95 % interval",
        ),
    ),
    Column(
        ("speed vs", "ORT float"),
        f"{numbers.TIMES} ORT float",
        "speed",
        lambda view: numbers.ratio(
            view.row.speed.versus_onnxruntime_float if view.row.speed else None
        ),
        _one,
        (
            "ORT float",
            "CPU time of the float32 ONNX input in ONNX Runtime / this one's, ± 95 % interval",
        ),
    ),
    Column(
        ("latency", "p50 ms"),
        "p50 ms",
        "cost",
        lambda view: _latency(view.row.speed),
        lambda model: _latency(model.baseline.speed),
        ("p50 ms", "median wall time of one inference"),
    ),
    Column(
        ("peak", "RSS MB"),
        "RSS MB",
        "cost",
        lambda view: _peak(view.row.memory),
        lambda model: _peak(model.baseline.memory),
        ("RSS MB", "peak resident memory of a fresh process that runs the model"),
    ),
)
