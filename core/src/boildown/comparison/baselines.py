"""The baselines of several runs together: what one run did not measure another one may have."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from .measured import was_measured
from .subjects import Subject, record_subject

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .schema import Baseline, ModelRecord, Size

_T = TypeVar("_T", "ModelRecord", "Baseline", "Size")
_OF_MODEL = ("parameters", "macs")
_OF_BASELINE = ("quality", "speed", "memory")
_OF_SIZE = ("deflated_bytes", "bits_per_weight", "entropy_bits_per_weight")


def baselines(records: Iterable[ModelRecord]) -> tuple[ModelRecord, ...]:
    """Return one record for each subject: the last one's figures, earlier ones where it has none.

    A record of a run that measured nothing is left out beside one of the same model that was
    tested: its rows belong to that one.
    """
    found: dict[Subject, ModelRecord] = {}
    for record in records:
        subject = record_subject(record)
        earlier = found.get(subject)
        found[subject] = _filled(record, earlier) if earlier is not None else record
    return tuple(record for subject, record in found.items() if not _needless(subject, found))


def _needless(subject: Subject, found: dict[Subject, ModelRecord]) -> bool:
    others = [other for other in found if other[:2] == subject[:2] and other.test_sha256]
    bare = not subject.test_sha256 and found[subject].baseline.quality is None
    # Beside several that were tested, nobody can say which one its rows belong to.
    return bare and len(others) == 1


def _filled(later: ModelRecord, earlier: ModelRecord) -> ModelRecord:
    size = _completed(later.baseline.size, earlier.baseline.size, _OF_SIZE)
    baseline = _completed(later.baseline, earlier.baseline, _OF_BASELINE)
    baseline = baseline.model_copy(update={"size": size})
    record = _completed(later, earlier, _OF_MODEL)
    return record.model_copy(update={"baseline": baseline, "path": later.path or earlier.path})


def _completed(later: _T, earlier: _T, names: tuple[str, ...]) -> _T:
    """Return `later` with figures of `earlier` where it has none; its reason where some lack."""
    missing = [name for name in names if not was_measured(getattr(later, name))]
    found = {
        name: getattr(earlier, name) for name in missing if was_measured(getattr(earlier, name))
    }
    if not missing:
        return later
    lacks = len(found) < len(missing)
    return later.model_copy(update={**found, "reason": later.reason if lacks else ""})
