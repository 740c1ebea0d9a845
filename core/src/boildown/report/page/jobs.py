"""What the page says of each job when it is opened: figures and facts under short headings."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...comparison.measured import was_measured
from .. import numbers
from ..columns import COLUMNS
from ..findings import notes
from ..markdown_parts import shown, told
from ..metric import metric_heading, primary
from ..text import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...comparison.schema import FloatTwin, Provenance, Quality, Row, Speed
    from ..view import View

#: Figures of the results table that have no column on the page, for want of room.
_ONLY_INSIDE = {"bits/w", "agree", "RSS MB"}
OUTSIDE = tuple(column for column in COLUMNS if column.short not in _ONLY_INSIDE)
Pairs = tuple[tuple[str, str], ...]


class Step(NamedTuple):
    """One step as it was carried out."""

    op: str
    settings: str
    approximations: tuple[str, ...]


class Score(NamedTuple):
    """One metric of one model: of the result, its control or its float twin."""

    of: str
    metric: str
    value: str
    interval: str
    n: str
    difference: str
    difference_interval: str


class Job(NamedTuple):
    """One job for the template; every text is plain, and escaped there."""

    view: View
    notes: tuple[str, ...]
    steps: tuple[Step, ...]
    scores: tuple[Score, ...]
    #: Empty where no figure of quality could be taken.
    measured_on: str
    sections: tuple[tuple[str, Pairs], ...]
    has_more: bool


def job(view: View, log: str) -> Job:
    """Return all that is said of a row; `log` is the tail of what its toolkit printed."""
    row = view.row
    return Job(
        view=view,
        notes=tuple(note for note in notes(view) if note != row.status),
        steps=tuple(
            Step(step.op, told(step.settings) or "defaults", step.approximations)
            for step in row.steps
        ),
        scores=tuple(_scores(row)),
        measured_on=row.quality.measured_on if row.quality and was_measured(row.quality) else "",
        sections=tuple((title, pairs) for title, pairs in _sections(view) if pairs),
        has_more=bool(log or (row.audit and row.audit.layers)),
    )


def _sections(view: View) -> Iterator[tuple[str, Pairs]]:
    row = view.row
    yield "Size", _known(_size(view))
    yield "Speed, memory, energy", _known([*_speed(row.speed), *_means(row)])
    yield "The uncompressed model on this backend", _known(_twin(row.float_twin))
    yield "What changed in the file", _known([*_audit(row), *_parity(row)])
    yield "What compressing cost", _known(_cost(row))
    yield "Limits", _known(_limits(row))
    yield "Provenance", _known([*_file(row), *_provenance(row.provenance)])


def _known(pairs: Iterable[tuple[str, str]]) -> Pairs:
    return tuple((term, clean(text)) for term, text in pairs if text not in {"", numbers.MISSING})


def _size(view: View) -> Iterator[tuple[str, str]]:
    for column in COLUMNS:
        if column.place in {"size", "packed"}:
            yield " ".join(filter(None, column.heading)).replace("/ ", "/"), column.cell(view)
    file = view.row.deployable
    if file is None:
        return
    entropy = file.entropy_bits_per_weight
    yield "entropy of the values, bits/weight", "" if entropy is None else f"{entropy:.2f}"
    yield "parameters", "" if file.parameters is None else f"{file.parameters:,}"
    yield "MACs", "" if file.macs is None else f"{file.macs:,}"
    yield "missing, because", file.reason


def _scores(row: Row) -> Iterator[Score]:
    yield from _scored("result", row.quality)
    yield from _scored("same training, uncompressed", row.control.quality if row.control else None)
    yield from _scored("float twin", row.float_twin.quality if row.float_twin else None)


def _scored(of: str, quality: Quality | None) -> Iterator[Score]:
    for metric in quality.metrics if quality else ():
        like = metric.value
        ends = (metric.interval, metric.difference_interval)
        value, change = (
            " to ".join(numbers.score(end, like=like) for end in both) if both else ""
            for both in ends
        )
        yield Score(
            of,
            metric_heading(metric.name),
            numbers.score(metric.value) or clean(metric.reason) or numbers.MISSING,
            value,
            f"{metric.n:,}",
            numbers.difference(metric.difference, None, like=like),
            change,
        )


def _speed(speed: Speed | None) -> Iterator[tuple[str, str]]:
    if speed is None:
        return
    latency = speed.latency_ms
    yield "runtime", speed.runtime
    yield "on the target device", shown(speed.device_verified)
    yield "batch, threads", f"{speed.batch}, {speed.threads}" if latency else ""
    yield "latency p50, p90", f"{shown(latency.p50)}, {shown(latency.p90)} ms" if latency else ""
    yield "CPU time vs own float", numbers.ratio(speed.versus_same_runtime_float)
    yield "CPU time vs ORT float", numbers.ratio(speed.versus_onnxruntime_float)
    if speed.wall is not None:
        yield "wall time vs own float", numbers.ratio(speed.wall.versus_same_runtime_float)
        yield "wall time vs ORT float", numbers.ratio(speed.wall.versus_onnxruntime_float)
    yield "load, first inference", _milliseconds(speed.load_ms, speed.first_ms)
    yield "ONNX form p50", _milliseconds(speed.onnx.latency_ms.p50 if speed.onnx else None)
    yield "missing, or to know", speed.reason


def _milliseconds(*values: float | None) -> str:
    known = [shown(value) for value in values if value is not None]
    return f"{', '.join(known)} ms" if known else ""


def _means(row: Row) -> Iterator[tuple[str, str]]:
    memory, energy = row.memory, row.energy
    if memory is not None:
        peak, own = (
            numbers.megabytes(size) for size in (memory.peak_rss_bytes, memory.model_rss_bytes)
        )
        yield "peak RSS", f"{peak} MB" if peak else ""
        yield "of that the model", f"{own} MB" if own else ""
        yield "memory", memory.reason
    if energy is not None:
        yield "energy", energy.reason or f"{shown(energy.joules)} J per inference"


def _twin(twin: FloatTwin | None) -> Iterator[tuple[str, str]]:
    if twin is None:
        return
    metric, latency = primary(twin.quality), twin.speed.latency_ms if twin.speed else None
    yield "size", f"{numbers.megabytes(twin.deployable.bytes)} MB {twin.deployable.format}"
    if metric is not None:
        change = numbers.difference(
            metric.difference, metric.difference_interval, like=metric.value
        )
        yield f"{metric_heading(metric.name)} difference", change
    yield "agree", numbers.score(twin.quality.agreement) if twin.quality else ""
    yield "latency p50", f"{shown(latency.p50)} ms" if latency else ""
    yield "missing, because", twin.reason


def _audit(row: Row) -> Iterator[tuple[str, str]]:
    audit = row.audit
    if audit is None:
        return
    yield "layers changed", f"{audit.layers_changed} of {audit.layers_total}"
    yield "mean bits", shown(audit.bits)
    yield "sparsity", shown(audit.sparsity)
    yield "distinct values, at most", shown(audit.distinct_values)
    yield "counted in", audit.source
    yield "audit", audit.reason


def _parity(row: Row) -> Iterator[tuple[str, str]]:
    parity = row.parity
    if parity is None:
        return
    yield "native vs ONNX form, largest difference", shown(parity.max_abs_difference)
    yield "native vs ONNX form, same first choice", shown(parity.top1_agreement)
    yield "parity", parity.reason


def _cost(row: Row) -> Iterator[tuple[str, str]]:
    cost = row.cost
    if cost is None:
        return
    yield "wall, CPU time", f"{cost.wall_seconds:,.1f}, {cost.cpu_seconds:,.1f} s"
    yield "peak RSS", f"{numbers.megabytes(cost.peak_rss_bytes)} MB"
    yield "epochs", str(cost.epochs)


def _limits(row: Row) -> Iterator[tuple[str, str]]:
    for check in row.limits:
        value = f"is {numbers.plain(check.value)}" if check.value is not None else check.reason
        verdict = "kept" if check.ok else "missed"
        yield check.name, f"{value}, limit {numbers.plain(check.limit)}: {verdict}"


def _file(row: Row) -> Iterator[tuple[str, str]]:
    if row.deployable is not None:
        yield "file", row.deployable.path
        yield "SHA-256 of the file", row.deployable.sha256


def _provenance(source: Provenance | None) -> Iterator[tuple[str, str]]:
    if source is not None:
        yield "key", source.key
        yield "seed", str(source.seed)
        yield "versions", ", ".join(f"{name} {found}" for name, found in source.versions.items())
        yield "log", source.log or ""
