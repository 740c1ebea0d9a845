"""How the figures of a comparison were taken, in sentences that name every denominator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..comparison.measured import was_measured
from ..comparison.subjects import subject_titles
from .metric import metric_heading, primary
from .numbers import three_digits
from .standing import MARKS
from .text import clean, counted, row_numbers
from .view import views

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..comparison.schema import Comparison, Machine, ModelRecord
    from .columns import Column
    from .standing import Rank

#: What holds for every comparison.
GENERAL = (
    "Quality is of the file that ships, or of its ONNX form where this computer cannot run it.",
    "Each measurement runs in a fresh process that loads nothing but the runtime.",
    "Differences and speed ratios are paired: both sides see the same samples and take turns.",
)

#: Said of comparisons that are merged from several machines.
APART = (
    "speeds compare within one machine only: so does the ranking, and each machine has tables and "
    "plots of its own; sizes and quality compare across them"
)

#: Said where a model was tested on several data.
TESTED_APART = (
    "rows that were tested on other samples are not held against each other: each set of test data "
    "has tables, plots and a ranking of its own, beside its own float32 input"
)


def summary(comparison: Comparison) -> str:
    """Return how many rows there are and what came of them, as in `9 results: 7 ok, 2 failed`."""
    statuses = [row.status for row in comparison.results]
    counts = ", ".join(
        f"{statuses.count(status)} {status}" for status in sorted(set(statuses), key=_ok_first)
    )
    return f"{counted(len(statuses), 'result')}: {counts}" if statuses else "No results"


def machines(comparison: Comparison) -> list[str]:
    """Return every machine in a few words, its threads too where runs used different numbers."""
    every = comparison.machines
    told = len({where.threads for where in every}) > 1
    threads = [f", {counted(where.threads, 'thread')}" if told else "" for where in every]
    return [_machine(where) + own for where, own in zip(every, threads, strict=True)]


def _machine(where: Machine) -> str:
    sets = ", ".join(where.instruction_sets) or "no known instruction-set extensions"
    cores = counted(where.cores, "core")
    return clean(f"{where.cpu} ({sets}), {cores}, {where.os}, Python {where.python}")


def network(model: ModelRecord | None) -> str:
    """Return how large a network is, as in `585,000 parameters, 24.1 M MACs`."""
    if model is None:
        return "could not be read"
    if model.parameters is None:
        return "not measured"
    macs = "" if model.macs is None else f", {three_digits(model.macs / 1e6)} M MACs"
    return f"{model.parameters:,} parameters{macs}"


def meanings(comparison: Comparison, columns: Iterable[Column]) -> list[tuple[str, str]]:
    """Return what every shown column means, then n, where quality and speed were measured."""
    terms = [column.meaning for column in columns if column.meaning[0]]
    several = len(comparison.machines) > 1
    about = [
        (f"machine {number}" if several else "machine", words)
        for number, words in enumerate(machines(comparison), start=1)
    ]
    about += [("machines", APART)] if several else []
    about += [("test data", TESTED_APART)] if _tested_apart(comparison) else []
    return [
        *terms,
        *_front(comparison),
        *_samples(comparison),
        *_measured_on(comparison),
        *_speed(comparison),
        *about,
    ]


def _tested_apart(comparison: Comparison) -> bool:
    tested = {(subject.model, subject.test_sha256) for subject in subject_titles(comparison)}
    return len(tested) > len({model for model, _ in tested})


def _samples(comparison: Comparison) -> list[tuple[str, str]]:
    metrics = [primary(row.quality) for row in comparison.results]
    metrics += [primary(model.baseline.quality) for model in comparison.models]
    counts: dict[str, set[int]] = {}
    for metric in metrics:
        if metric is not None and metric.value is not None:
            counts.setdefault(metric_heading(metric.name), set()).add(metric.n)
    return [
        (name, f"n = {' or '.join(f'{n:,}' for n in sorted(ns))} test samples")
        for name, ns in counts.items()
    ]


def _front(comparison: Comparison) -> list[tuple[str, str]]:
    found = {view.standing.rank for view in views(comparison)}
    told: list[tuple[Rank, str]] = [
        ("front", "on the Pareto front of deflated size, speed (ORT float) and the first metric"),
        ("near", "on it only by a difference within its 95 % interval"),
    ]
    return [(MARKS[rank], text) for rank, text in told if rank in found]


def _measured_on(comparison: Comparison) -> list[tuple[str, str]]:
    where: dict[str, list[int]] = {}
    for view in views(comparison):
        if view.row.quality is not None and was_measured(view.row.quality):
            where.setdefault(view.row.quality.measured_on, []).append(view.number)
    parts = [f"{clean(name)} ({row_numbers(rows)})" for name, rows in where.items()]
    return [("quality", f"measured on {'; '.join(parts)}")] if parts else []


def _speed(comparison: Comparison) -> list[tuple[str, str]]:
    speeds = [row.speed for row in comparison.results if row.speed and row.speed.latency_ms]
    setups = dict.fromkeys((speed.batch, speed.threads) for speed in speeds)
    texts = [f"batch {batch}, {counted(threads, 'thread')}" for batch, threads in setups]
    told = f"{' or '.join(texts)}; medians of interleaved pairs; above 1 is faster"
    return [("speed", told)] if texts else []


def _ok_first(status: str) -> tuple[bool, str]:
    return status != "ok", status
