"""Bring the labels of a dataset into the order of a model's own class names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ..errors import DataError
from ..nearest import nearest
from .index import Index, read_index, write_split
from .manifest import DataManifest, Split


def fit_labels(manifest: DataManifest, labels: Sequence[str], workdir: Path) -> DataManifest:
    """Renumber the classes of image folders so that each name stands where the model has it.

    Names match without regard to case, spaces and punctuation. Where no name matches but the
    number of classes does (ImageNet's `n01440764` against "tench"), the sorted order stays and
    a note says so. An order given by `classes=FILE` is never touched, nor are data without
    class names.

    Raises:
        DataError: Some names match and some do not, or nothing matches.
    """
    names = manifest.classes
    if not labels or not names or names == tuple(labels) or _given(manifest):
        return manifest
    places = _places(labels)
    unknown = [name for name in names if _plain(name) not in places]
    if len(unknown) == len(names) == len(labels):
        note = (
            f"no class of {manifest.uri} has the name of a class of the model; both have "
            f"{len(labels)}, so they are matched in sorted order ({names[0]} is {labels[0]}, …)"
        )
        return manifest.model_copy(update={"notes": (*manifest.notes, note)})
    if unknown:
        raise DataError(_mismatch(manifest, unknown, labels))
    order = [places[_plain(name)] for name in names]
    if manifest.kind == "arrays":
        if order == list(range(len(names))):
            return manifest
        raise DataError(
            f"the classes of {manifest.uri} stand in another order than the model's; "
            f"renumber the labels so that 0 is {labels[0]!r}, 1 is {labels[1]!r}, …"
        )
    splits = {
        name: _renumbered(split, order, labels, workdir) for name, split in manifest.splits.items()
    }
    return manifest.model_copy(update={"splits": splits, "classes": tuple(labels)})


def _given(manifest: DataManifest) -> bool:
    return manifest.kind == "images" and any(
        read_index(split.path).class_order == "given" for split in manifest.splits.values()
    )


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold())) or name


def _places(labels: Sequence[str]) -> dict[str, int]:
    """Plain name -> class number, without the names that two classes share (ImageNet has two)."""
    times = Counter(map(_plain, labels))
    return {_plain(name): place for place, name in enumerate(labels) if times[_plain(name)] == 1}


def _mismatch(manifest: DataManifest, unknown: Sequence[str], labels: Sequence[str]) -> str:
    near = nearest(unknown[0], labels)
    hint = f" (nearest to {unknown[0]!r}: {near!r})" if near else ""
    return (
        f"{len(unknown)} of {len(manifest.classes)} classes of {manifest.uri} are not among the "
        f"{len(labels)} class names of the model: {', '.join(unknown[:5])}{hint}; rename the "
        "folders, or add classes=FILE with one folder name a line in the model's order"
    )


def _renumbered(split: Split, order: Sequence[int], labels: Sequence[str], workdir: Path) -> Split:
    index = read_index(split.path)
    entries = tuple(
        (path, None if label is None else order[label]) for path, label in index.entries
    )
    written = write_split(Index(index.root, entries, tuple(labels), "given"), workdir)
    return written.model_copy(update={"take": split.take})
