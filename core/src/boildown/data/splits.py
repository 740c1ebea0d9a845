"""Put the data of a run together: what trains, what calibrates, what tests; nothing twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import numpy as np

from ..errors import DataError
from .contents import check_overlap, data_digest
from .manifest import DataManifest, Split, SplitName, Take
from .probing import probe
from .samples import all_labels, yielded
from .split_query import SPLITS

__all__ = ["Assembled", "Note", "assemble", "check_overlap", "data_digest", "probe"]


class Note(NamedTuple):
    """Something a reader of the results must know, with the code of the warning it becomes."""

    code: Literal["CALIBRATED_ON_TEST", "NOTE"]
    text: str


class Assembled(NamedTuple):
    """The data of a run, and what was decided on the way."""

    manifest: DataManifest
    notes: tuple[Note, ...]


def assemble(
    provided: DataManifest | Mapping[SplitName, DataManifest],
    *,
    calibrate: int,
    samples: int | None = None,
    seed: int = 0,
) -> Assembled:
    """Make one manifest with splits that share no sample.

    Args:
        provided: One dataset with all its splits, or one for each role. A dataset that has a
            single split can take any role; a calibration split beside that of train comes along.
        calibrate: Samples to calibrate with; 0: none are needed.
        samples: Test on the first so many samples only (images are sorted by turns of the
            classes, arrays as in the file); None: on all.
        seed: Draws the calibration samples.

    Calibration is a calibration split if there is one, else a seeded slice that leaves train,
    else one that leaves test (at most half of it), which is noted as CALIBRATED_ON_TEST.

    Raises:
        DataError: There is nothing to test on or to calibrate with, or the datasets differ in
            kind or classes.
    """
    by_role = _by_role(provided)
    first = next(iter(by_role.values()), None)
    if first is None or "test" not in by_role:
        names = _uris(provided)
        raise DataError(f"{names} has no test samples; name some, as in `data: {{test: …}}`")
    _refuse_mixture(by_role)
    notes = [Note("NOTE", text) for text in _source_notes(by_role)]
    splits = {name: manifest.splits[name] for name, manifest in by_role.items()}
    if calibrate:
        notes += _calibrate(splits, calibrate, seed, _uris(provided))
    elif "calibration" in splits:
        del splits["calibration"]
    if samples is not None:
        notes += _limit(by_role["test"], splits, samples)
    manifest = by_role["test"].model_copy(
        update={
            "uri": _uris(provided),
            "splits": {name: splits[name] for name in SPLITS if name in splits},
            "classes": next((m.classes for m in by_role.values() if m.classes), ()),
            "notes": (),
        }
    )
    return Assembled(manifest, tuple(notes))


def _by_role(
    provided: DataManifest | Mapping[SplitName, DataManifest],
) -> dict[SplitName, DataManifest]:
    if isinstance(provided, DataManifest):
        return dict.fromkeys(provided.splits, provided)
    roles: dict[SplitName, DataManifest] = {}
    for role, manifest in provided.items():
        if role in manifest.splits:
            roles[role] = manifest
        elif len(manifest.splits) == 1:
            split = next(iter(manifest.splits.values()))
            roles[role] = manifest.model_copy(update={"splits": {role: split}})
        else:
            has = ", ".join(manifest.splits) or "none"
            raise DataError(
                f"{manifest.uri} has no {role} split (its splits: {has}); pick one with ?split=…"
            )
    train = provided.get("train")
    if train is not None and {"train", "calibration"} <= train.splits.keys():
        roles.setdefault("calibration", train)
    return roles


def _uris(provided: DataManifest | Mapping[SplitName, DataManifest]) -> str:
    if isinstance(provided, DataManifest):
        return provided.uri
    return " + ".join(dict.fromkeys(manifest.uri for manifest in provided.values()))


def _source_notes(by_role: Mapping[SplitName, DataManifest]) -> list[str]:
    return list(dict.fromkeys(text for manifest in by_role.values() for text in manifest.notes))


def _refuse_mixture(by_role: Mapping[SplitName, DataManifest]) -> None:
    kinds = {manifest.kind: manifest.uri for manifest in by_role.values()}
    if len(kinds) > 1:
        raise DataError(
            f"{kinds['images']} holds image files and {kinds['arrays']} arrays; "
            "all data of a run must be of one kind"
        )
    named = {manifest.classes: manifest.uri for manifest in by_role.values() if manifest.classes}
    if len(named) > 1:
        (one, one_uri), (other, other_uri) = list(named.items())[:2]
        only = sorted(set(one) ^ set(other))[:5] or ["another order"]
        raise DataError(
            f"{one_uri} and {other_uri} have different classes ({', '.join(only)}), so the same "
            "label would mean two things; give both the same classes=FILE"
        )


def _calibrate(splits: dict[SplitName, Split], wanted: int, seed: int, names: str) -> list[Note]:
    """Fill the calibration split in `splits`, taking samples out of train or test."""
    if "calibration" in splits:
        whole = splits["calibration"]
        splits["calibration"] = _part(whole, 0, min(wanted, len(whole)), seed)
        return _fewer(wanted, len(splits["calibration"]), "all that the calibration split holds")
    source: SplitName = "train" if "train" in splits else "test"
    whole = splits[source]
    count = min(wanted, len(whole) if source == "train" else len(whole) // 2)
    if count == 0:
        raise DataError(
            f"calibration needs samples, and {names} has only {len(whole)} in {source}; name "
            "more, as in `data: {train: …}`"
        )
    splits["calibration"] = _part(whole, 0, count, seed)
    if source == "train":
        return _take_from_train(splits, whole, wanted, seed)
    splits["test"] = _part(whole, count, len(whole), seed)
    return [
        Note(
            "CALIBRATED_ON_TEST",
            f"there is no train or calibration data: {count} of {len(whole)} test samples "
            f"calibrate and the other {len(whole) - count} test",
        ),
        *_fewer(wanted, count, "half of the test samples"),
    ]


def _take_from_train(
    splits: dict[SplitName, Split], whole: Split, wanted: int, seed: int
) -> list[Note]:
    count = len(splits["calibration"])
    if count < len(whole):
        splits["train"] = _part(whole, count, len(whole), seed)
        return []
    del splits["train"]
    text = f"all {count} train samples calibrate, so none train; lower `calibrate` to train"
    return [Note("NOTE", text), *_fewer(wanted, count, "all that train holds")]


def _fewer(wanted: int, count: int, what: str) -> list[Note]:
    if count >= wanted:
        return []
    return [Note("NOTE", f"{count} samples calibrate, {what}, where {wanted} were asked for")]


def _part(split: Split, start: int, stop: int, seed: int) -> Split:
    """Take samples of a split after shuffling it; of a slice, stay inside the slice.

    A slice that keeps the order of its file is cut in that order.
    """
    if split.take is None:
        return split.model_copy(update={"take": Take(seed=seed, start=start, stop=stop)})
    begin = split.take.start
    part = Take(seed=split.take.seed, start=begin + start, stop=begin + stop)
    return split.model_copy(update={"take": part})


def _limit(manifest: DataManifest, splits: dict[SplitName, Split], samples: int) -> list[Note]:
    whole = splits["test"]
    if samples < 1:
        raise DataError(f"{samples} test samples were asked for; at least 1 is needed")
    if samples >= len(whole):
        text = f"{samples} test samples were asked for and {len(whole)} are there"
        return [Note("NOTE", text)] if samples > len(whole) else []
    take = whole.take or Take(stop=len(whole))
    first = Take(seed=take.seed, start=take.start, stop=take.start + samples)
    splits["test"] = whole.model_copy(update={"take": first})
    return _missing_classes(manifest, whole, splits["test"])


def _missing_classes(manifest: DataManifest, whole: Split, part: Split) -> list[Note]:
    labels = all_labels(manifest, whole)
    if labels is None:
        return []
    held = len(np.unique(labels[yielded(part)]))
    there = len(np.unique(labels[yielded(whole)]))
    if held == there:
        return []
    text = f"the first {len(part)} test samples are of {held} classes; all are of {there}"
    return [Note("NOTE", text)]
