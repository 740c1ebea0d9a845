"""What a reader must know beside the figures, in sentences, each said once with its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..comparison.subjects import records_of, subject_titles
from ..recipe.recipe import LIMITS
from . import numbers
from .metric import metric_heading
from .text import clean, row_numbers

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..comparison.schema import (
        Comparison,
        Deployable,
        LimitCheck,
        Memory,
        Quality,
        Row,
        Size,
        Speed,
    )
    from .view import View


#: Cores that other processes may keep busy before the reader is told.
BUSY = 0.3


class Finding(NamedTuple):
    """One sentence about some rows; `label` is its status, code or subject."""

    numbers: tuple[int, ...]
    label: str
    text: str

    @property
    def rows(self) -> str:
        """The rows in words, as in `rows 2-4`."""
        return row_numbers(self.numbers)


def notes(view: View) -> tuple[str, ...]:
    """Return what a table says beside the figures: status, missed limits, codes of warnings."""
    status = () if view.row.status == "ok" else (view.row.status,)
    limit = () if all(check.ok for check in view.row.limits) else ("limit missed",)
    return (*status, *limit, *dict.fromkeys(warned.code for warned in view.row.warnings))


def not_ok(views: Iterable[View]) -> list[Finding]:
    """Return every status other than ok with its reason."""
    return _gathered(
        (view, view.row.status, view.row.reason or "no reason was given")
        for view in views
        if view.row.status != "ok"
    )


def warnings(views: Iterable[View]) -> list[Finding]:
    """Return every warning, its code as the label, and which rows were timed on a busy computer."""
    given = tuple(views)
    found = _gathered(
        (view, warned.code, warned.text) for view in given for warned in view.row.warnings
    )
    return [*found, *timed_while_busy(given)]


def limits_missed(views: Iterable[View]) -> list[Finding]:
    """Return every limit of a recipe that a row does not keep."""
    return _gathered(
        (view, check.name, _missed(check))
        for view in views
        for check in view.row.limits
        if not check.ok
    )


def figures_missing(views: Iterable[View]) -> list[Finding]:
    """Return why a figure of the results table is null in a measured row."""
    return _gathered(
        (view, what, why) for view in views for what, why in _row_reasons(view.row) if why
    )


def details_missing(views: Iterable[View]) -> list[Finding]:
    """Return why a figure that only the full report shows is null."""
    return _gathered(
        (view, what, why) for view in views for what, why in _other_reasons(view.row) if why
    )


def baselines_missing(comparison: Comparison) -> list[tuple[str, str]]:
    """Return model and reason wherever a shown figure of the float32 input is null."""
    found, titles = [], subject_titles(comparison)
    for subject, model in records_of(comparison).items():
        base = model.baseline
        whole = model.macs is None or None in {base.quality, base.speed, base.memory}
        reasons = [
            *((model.reason, base.reason) if whole else ()),
            *(why for _, why in _main_reasons(base.quality, base.speed, base.memory, base.size)),
        ]
        found += [(titles[subject], clean(reason)) for reason in dict.fromkeys(reasons) if reason]
    return found


def _main_reasons(
    quality: Quality | None,
    speed: Speed | None,
    memory: Memory | None,
    size: Size | Deployable | None,
) -> Iterator[tuple[str, str]]:
    """Yield the reasons of those figures alone that the results table shows."""
    for metric in quality.metrics if quality else ():
        if metric.value is None:
            yield metric_heading(metric.name), metric.reason
    if quality is not None and not any(metric.value is not None for metric in quality.metrics):
        yield "quality", quality.reason
    if speed is not None and speed.latency_ms is None:
        yield "speed", speed.reason
    if memory is not None and memory.peak_rss_bytes is None:
        yield "memory", memory.reason
    if size is not None and size.bits_per_weight is None:
        yield "size", size.reason


def _row_reasons(row: Row) -> Iterator[tuple[str, str]]:
    yield from _main_reasons(row.quality, row.speed, row.memory, row.deployable)
    quality, speed = row.quality, row.speed
    if quality is not None and quality.agreement is None:
        yield "quality", quality.reason
    if speed is not None and None in {
        speed.versus_same_runtime_float,
        speed.versus_onnxruntime_float,
    }:
        yield "speed", speed.reason


def _other_reasons(row: Row) -> Iterator[tuple[str, str]]:
    yield "SQNR", row.quality.reason if row.quality and row.quality.sqnr_db is None else ""
    yield "energy", row.energy.reason if row.energy else ""
    yield "parity", row.parity.reason if row.parity else ""
    yield "audit", row.audit.reason if row.audit else ""
    yield "float twin", row.float_twin.reason if row.float_twin else ""


def timed_while_busy(views: Iterable[View]) -> Iterator[Finding]:
    """Yield which rows were timed while other processes had their part of the computer."""
    cores = {
        view.number: view.row.speed.others_busy or 0.0
        for view in views
        if view.row.speed is not None
    }
    rows = tuple(number for number, busy in cores.items() if busy >= BUSY)
    if rows:
        yield Finding(
            rows,
            "busy computer",
            f"other processes kept up to {max(cores.values()):.1f} cores busy while these were "
            "timed; on an idle computer speeds, and their ratios, may differ by a tenth or more",
        )


def _missed(check: LimitCheck) -> str:
    at_least = LIMITS.get(check.name) == "minimum"
    bound = numbers.plain(check.limit)
    wanted = f"the recipe asks for at {'least' if at_least else 'most'} {bound}"
    if check.value is None:
        return f"has no value ({check.reason or 'not measured'}); {wanted}"
    return f"is {numbers.plain(check.value)}; {wanted}"


def _gathered(found: Iterable[tuple[View, str, str]]) -> list[Finding]:
    rows: dict[tuple[str, str], list[int]] = {}
    for view, label, text in found:
        rows.setdefault((label, clean(text)), []).append(view.number)
    return [
        Finding(tuple(dict.fromkeys(found_in)), label, text)
        for (label, text), found_in in rows.items()
    ]
