"""What rows are held against each other by: the model, the machine and the test data."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .schema import Comparison, ModelRecord, Row


class Subject(NamedTuple):
    """One model on one machine, judged on the same samples."""

    model: str
    machine: int
    test_sha256: str


def records_of(comparison: Comparison) -> dict[Subject, ModelRecord]:
    """Return the models with their baselines by what they were measured on."""
    return {record_subject(record): record for record in comparison.models}


def record_subject(record: ModelRecord) -> Subject:
    """Return what a baseline is the baseline of."""
    return Subject(record.uri, record.machine, record.test_sha256)


def subjects(comparison: Comparison) -> list[Subject]:
    """Return the subject of every row, in the order of the file."""
    known = list(records_of(comparison))
    return [row_subject(row, known) for row in comparison.results]


def row_subject(row: Row, known: Sequence[Subject]) -> Subject:
    """Return the subject of a row; one that was not tested belongs to the only one of its model."""
    own = Subject(row.model, row.machine, row.test_sha256)
    others = [subject for subject in known if subject[:2] == own[:2]]
    alone = len(others) == 1 and not row.test_sha256
    return others[0] if alone else own


def subject_titles(comparison: Comparison) -> dict[Subject, str]:
    """Return a name for every subject: the model, with machine and test data where these differ."""
    every = dict.fromkeys([*records_of(comparison), *subjects(comparison)])
    tested: dict[str, set[str]] = {}
    for subject in every:
        tested.setdefault(subject.model, set()).add(subject.test_sha256)
    return {
        subject: subject.model
        + (f" on machine {subject.machine + 1}" if len(comparison.machines) > 1 else "")
        + _tested_on(subject.test_sha256, tested[subject.model], comparison)
        for subject in every
    }


def _tested_on(sha256: str, among: set[str], comparison: Comparison) -> str:
    """Say which data were tested on, in as few words as tell them from the others of the model."""
    if len(among) == 1:
        return ""
    every = {
        data.test_sha256: (data.uri, f"{data.splits.get('test', 0):,} samples")
        for data in comparison.data
        if data.test_sha256 in among - {""}
    }
    if sha256 not in every:
        return f", test data {sha256[:8] or 'not known'}"
    own = every[sha256]
    like = [words for words in every.values() if words[0] == own[0]]
    if len(like) == 1:
        return f", tested on {own[0]}"
    told = ", ".join(own)
    return f", tested on {told}" if like.count(own) == 1 else f", tested on {told} ({sha256[:8]})"
