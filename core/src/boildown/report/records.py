"""Results as flat records, one a row, for data frames and spreadsheets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..comparison.columns import metric_columns
from .view import views

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..comparison.schema import Comparison, Quality, Ratio, Row, Speed
    from .view import View

Value = str | int | float | bool | None
Item = tuple[str, Value]
#: Beginnings of the names of figures that belong to the machine they were taken on.
_OF_MACHINE = ("latency_", "load_", "first_", "cpu_", "versus_", "peak_rss_", "joules", "job_")


def is_of_machine(field: str) -> bool:
    """Tell whether a figure is a time, memory or energy, which another machine has otherwise."""
    return field.startswith(_OF_MACHINE)


def records(comparison: Comparison) -> list[dict[str, Value]]:
    """Return one record a row, all with the same keys; a figure that is not there is None.

    Units stand in the keys; ratios are before / after, scores are fractions, as in the file.
    """
    found = [dict(_items(view)) for view in views(comparison)]
    keys = dict.fromkeys(key for record in found for key in record)
    return [{key: record.get(key) for key in keys} for record in found]


def _items(view: View) -> Iterator[Item]:
    row = view.row
    yield "number", view.number
    yield "model", row.model
    yield "machine", row.machine + 1
    yield "test_sha256", row.test_sha256
    yield "recipe", row.recipe
    yield "backend", row.backend
    yield "status", row.status
    yield "reason", row.reason
    yield "warnings", ", ".join(dict.fromkeys(warned.code for warned in row.warnings))
    yield "limits_missed", ", ".join(check.name for check in row.limits if not check.ok)
    yield "pareto", view.standing.rank
    yield "pareto_reason", view.standing.words
    yield from _size(view)
    yield from _quality(row.quality)
    yield from _speed(row.speed)
    yield from _rest(row)


def _size(view: View) -> Iterator[Item]:
    file = view.row.deployable
    before = view.model.baseline.size if view.model else None
    yield "path", file.path if file else None
    yield "format", file.format if file else None
    yield "bytes", file.bytes if file else None
    yield "deflated_bytes", file.deflated_bytes if file else None
    yield "size_ratio", before.bytes / file.bytes if file and before and file.bytes else None
    deflated = file.deflated_bytes if file else None
    whole = before.deflated_bytes if before else None
    yield "deflated_ratio", whole / deflated if whole and deflated else None
    yield "bits_per_weight", file.bits_per_weight if file else None
    yield "entropy_bits_per_weight", file.entropy_bits_per_weight if file else None
    yield "parameters", file.parameters if file else None
    yield "macs", file.macs if file else None


def _quality(quality: Quality | None) -> Iterator[Item]:
    yield "task", quality.task if quality else None
    yield "measured_on", quality.measured_on if quality else None
    yield "agreement", quality.agreement if quality else None
    yield "sqnr_db", quality.sqnr_db if quality else None
    for metric in quality.metrics if quality else ():
        low, high = metric.interval or (None, None)
        least, greatest = metric.difference_interval or (None, None)
        values = (metric.value, metric.n, low, high, metric.difference, least, greatest)
        yield from zip(metric_columns(metric.name), values, strict=True)


def _speed(speed: Speed | None) -> Iterator[Item]:
    latency = speed.latency_ms if speed else None
    yield "runtime", speed.runtime if speed else None
    yield "device_verified", speed.device_verified if speed else None
    yield "batch", speed.batch if speed else None
    yield "threads", speed.threads if speed else None
    yield "latency_p50_ms", latency.p50 if latency else None
    yield "latency_p90_ms", latency.p90 if latency else None
    yield "load_ms", speed.load_ms if speed else None
    yield "first_ms", speed.first_ms if speed else None
    yield "cpu_seconds", speed.cpu_seconds if speed else None
    own = speed.versus_same_runtime_float if speed else None
    yield from _ratio("versus_same_runtime_float", own)
    yield from _ratio("versus_onnxruntime_float", speed.versus_onnxruntime_float if speed else None)


def _rest(row: Row) -> Iterator[Item]:
    yield "peak_rss_bytes", row.memory.peak_rss_bytes if row.memory else None
    yield "joules", row.energy.joules if row.energy else None
    yield "layers_changed", row.audit.layers_changed if row.audit else None
    yield "layers_total", row.audit.layers_total if row.audit else None
    yield "bits", row.audit.bits if row.audit else None
    yield "sparsity", row.audit.sparsity if row.audit else None
    yield "distinct_values", row.audit.distinct_values if row.audit else None
    yield "job_wall_seconds", row.cost.wall_seconds if row.cost else None
    yield "job_cpu_seconds", row.cost.cpu_seconds if row.cost else None
    yield "job_peak_rss_bytes", row.cost.peak_rss_bytes if row.cost else None
    yield "epochs", row.cost.epochs if row.cost else None


def _ratio(name: str, measured: Ratio | None) -> Iterator[Item]:
    yield name, measured.median if measured else None
    yield from _ends(name, measured.interval if measured else None)


def _ends(name: str, interval: tuple[float, float] | None) -> Iterator[Item]:
    yield f"{name}_low", interval[0] if interval else None
    yield f"{name}_high", interval[1] if interval else None
