"""What changed between two runs, row by row; rows belong together by model, recipe and backend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from ..comparison.schema import Machine
from ..errors import UsageError
from .records import records
from .sameness import meant, not_the_same
from .text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..comparison.schema import Comparison
    from .records import Value

Record = dict[str, "Value"]
Kind = Literal["added", "gone", "changed", "same"]
#: Figures that come out the same wherever the same thing is done; times and memory do not.
_EXACT = (
    "status",
    "reason",
    "warnings",
    "limits_missed",
    "format",
    "bytes",
    "deflated_bytes",
    "parameters",
    "macs",
    "measured_on",
    "agreement",
    "sqnr_db",
    "layers_changed",
    "layers_total",
    "bits",
    "bits_per_weight",
    "entropy_bits_per_weight",
    "sparsity",
    "distinct_values",
)
#: Ratios of paired times: changed where their intervals are apart.
_MEASURED = ("versus_same_runtime_float", "versus_onnxruntime_float")
_NOTHING: Record = {}


class FieldChange(NamedTuple):
    """One figure before and after."""

    field: str
    old: Value
    new: Value


@dataclass(frozen=True)
class Change:
    """One row in both runs; `old` or `new` is empty where a run has no such row."""

    name: tuple[str, str, str]
    old: Record
    new: Record
    #: What the machines of both runs differ in, in words; empty: their times can be compared.
    machines_apart: str
    #: What both runs call by one name although it is not the same, in words.
    not_the_same: tuple[str, ...] = ()

    @property
    def kind(self) -> Kind:
        """What became of the row."""
        if not self.old or not self.new:
            return "added" if self.new else "gone"
        return "changed" if self.fields or self.not_the_same else "same"

    @property
    def fields(self) -> tuple[FieldChange, ...]:
        """The figures that differ, of a row that both runs have."""
        if not self.old or not self.new:
            return ()
        return tuple(
            FieldChange(field, self.old.get(field), self.new.get(field))
            for field in self._differing()
        )

    def _differing(self) -> Iterator[str]:
        every = {**self.old, **self.new}
        scores = [key for key in every if f"{key}_difference" in every]
        for field in (*_EXACT, *scores):
            if self.old.get(field) != self.new.get(field):
                yield field
        for field in _MEASURED if not self.machines_apart else ():
            if _apart(self.old, self.new, field):
                yield field


def changes(old: Comparison, new: Comparison) -> tuple[Change, ...]:
    """Return every row of either run: those of the new one in its order, then those gone.

    Raises:
        UsageError: one of them is merged from several machines or on several test data.
    """
    if old.other_machines or new.other_machines:
        raise UsageError("a merged comparison has rows of several machines; compare single runs")
    before, after = (_by_name(run) for run in (old, new))
    apart, ours, theirs = _machines_apart(old.machine, new.machine), meant(old), meant(new)
    return tuple(
        Change(
            name,
            before.get(name, _NOTHING),
            after.get(name, _NOTHING),
            apart,
            tuple(not_the_same(ours[name], theirs[name])) if name in before.keys() & after else (),
        )
        for name in (*after, *(name for name in before if name not in after))
    )


def _machines_apart(old: Machine, new: Machine) -> str:
    pairs = {name: (getattr(old, name), getattr(new, name)) for name in Machine.model_fields}
    return "; ".join(
        f"{name.replace('_', ' ')} {_words(before)} → {_words(after)}"
        for name, (before, after) in pairs.items()
        if before != after
    )


def _words(value: object) -> str:
    told = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return clean(told) or "none"


def fields_of(found: tuple[Change, ...]) -> tuple[str, ...]:
    """Return the names of all fields that the rows have."""
    return tuple(dict.fromkeys(key for row in found for key in (*row.new, *row.old)))


def _by_name(run: Comparison) -> dict[tuple[str, str, str], Record]:
    every = records(run)
    found = {_name(record): record for record in every}
    if len(found) < len(every):
        raise UsageError(
            "a merged comparison has the same job on several test data; compare single runs"
        )
    return found


def _name(record: Record) -> tuple[str, str, str]:
    return str(record["model"]), str(record["recipe"]), str(record["backend"])


def _apart(old: Record, new: Record, field: str) -> bool:
    ends = [record.get(f"{field}_{end}") for record in (old, new) for end in ("low", "high")]
    numbers = [end for end in ends if isinstance(end, int | float)]
    if len(numbers) < len(ends):
        return (old.get(field) is None) != (new.get(field) is None)
    old_low, old_high, new_low, new_high = numbers
    return old_high < new_low or new_high < old_low
