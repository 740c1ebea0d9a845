"""What a reader must know beside the figures, in sentences, each said once with its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..recipe.recipe import LIMITS
from . import numbers
from .text import clean, row_numbers
from .view import metric_heading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..comparison.schema import Comparison, LimitCheck, Row
    from .view import View


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
    """Return every warning, its code as the label."""
    return _gathered(
        (view, warned.code, warned.text) for view in views for warned in view.row.warnings
    )


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
        (view, what, why) for view in views for what, why in _main_reasons(view.row) if why
    )


def details_missing(views: Iterable[View]) -> list[Finding]:
    """Return why a figure that only the full report shows is null."""
    return _gathered(
        (view, what, why) for view in views for what, why in _other_reasons(view.row) if why
    )


def baselines_missing(comparison: Comparison) -> list[tuple[str, str]]:
    """Return model and reason wherever a figure of the float32 baseline is null."""
    found = []
    for model in comparison.models:
        base = model.baseline
        parts = (model, base, base.size, base.quality, base.speed, base.memory)
        reasons = dict.fromkeys(part.reason for part in parts if part is not None)
        found += [(model.uri, clean(reason)) for reason in reasons if reason]
    return found


def _main_reasons(row: Row) -> Iterator[tuple[str, str]]:
    for metric in row.quality.metrics if row.quality else ():
        yield metric_heading(metric.name), metric.reason
    yield "quality", row.quality.reason if row.quality else ""
    yield "speed", row.speed.reason if row.speed else ""
    yield "memory", row.memory.reason if row.memory else ""
    yield "size", row.deployable.reason if row.deployable else ""


def _other_reasons(row: Row) -> Iterator[tuple[str, str]]:
    yield "energy", row.energy.reason if row.energy else ""
    yield "parity", row.parity.reason if row.parity else ""
    yield "audit", row.audit.reason if row.audit else ""
    yield "float twin", row.float_twin.reason if row.float_twin else ""


def _missed(check: LimitCheck) -> str:
    at_least = LIMITS.get(check.name) == "minimum"
    wanted = f"the recipe asks for at {'least' if at_least else 'most'} {_plain(check.limit)}"
    if check.value is None:
        return f"has no value ({check.reason or 'not measured'}); {wanted}"
    return f"is {_plain(check.value)}; {wanted}"


def _plain(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else numbers.score(value)


def _gathered(found: Iterable[tuple[View, str, str]]) -> list[Finding]:
    rows: dict[tuple[str, str], list[int]] = {}
    for view, label, text in found:
        rows.setdefault((label, clean(text)), []).append(view.number)
    return [Finding(tuple(nums), label, text) for (label, text), nums in rows.items()]
