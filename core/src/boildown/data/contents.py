"""The bytes of every sample as digests: to find overlap of splits, and to name data exactly."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path

from ..errors import DataError
from .array_digests import sample_digests, stored_digest
from .file_digests import FileDigests
from .index import read_index
from .manifest import DataManifest, Split, SplitName
from .samples import all_labels, describe, yielded

#: Told (done, total) samples.
Progress = Callable[[int, int], None]


def check_overlap(
    manifest: DataManifest, progress: Progress | None = None, *, cache: Path | None = None
) -> None:
    """Make sure that no two splits share a sample, byte for byte.

    Train and calibration may share one that their common file holds twice: both only fit the
    model, neither judges it. Digests of arrays are kept in the folder `cache`, if given, those
    of image files beside their index; a second run then reads nothing that did not change.

    Raises:
        DataError: Two splits share samples; one pair and the number are named.
    """
    if len(manifest.splits) < 2:  # noqa: PLR2004 - it takes two to overlap
        return
    digests = {name: _by_digest(manifest, name, progress, cache) for name in manifest.splits}
    for one, other in combinations(digests, 2):
        if {one, other} == {"train", "calibration"} and _same_file(manifest):
            continue
        shared = [digest for digest in digests[one] if digest in digests[other]]
        if not shared:
            continue
        first = describe(manifest, manifest.splits[one], digests[one][shared[0]])
        second = describe(manifest, manifest.splits[other], digests[other][shared[0]])
        what = "a sample" if len(shared) == 1 else f"{len(shared)} different samples"
        raise DataError(
            f"{what} of {one} stand in {other} too, byte for byte: {first} is "
            f"{second}. Remove them from one of the two, or name other data: results on samples "
            "that the model was fitted to mean nothing"
        )


def data_digest(
    manifest: DataManifest, progress: Progress | None = None, *, cache: Path | None = None
) -> str:
    """Return a SHA-256 over what the splits really yield, labels and preprocessing included.

    Where files lie and what they are called does not count; the order of samples does, and so
    does how arrays are packed in their file, since they are not unpacked for this. `cache` as
    in `check_overlap`.
    """
    total = hashlib.sha256(b"boildown data 2")
    preprocessing = manifest.preprocessing
    total.update(preprocessing.model_dump_json().encode() if preprocessing else b"none")
    for name in sorted(manifest.splits):
        split = manifest.splits[name]
        total.update(f"\0{name}\0{len(split)}\0{sorted(split.inputs)}\0".encode())
        if manifest.kind == "arrays":
            total.update(stored_digest(split, cache))
            total.update(yielded(split).tobytes())
            continue
        for _, digest in _digests(manifest, name, progress, cache):
            total.update(digest)
        labels = all_labels(manifest, split)
        total.update(b"unlabelled" if labels is None else labels[yielded(split)].tobytes())
    return total.hexdigest()


def _same_file(manifest: DataManifest) -> bool:
    one, other = manifest.splits["train"], manifest.splits["calibration"]
    return (one.path, one.inputs) == (other.path, other.inputs)


def _by_digest(
    manifest: DataManifest, name: SplitName, progress: Progress | None, cache: Path | None
) -> dict[bytes, int]:
    return {digest: position for position, digest in _digests(manifest, name, progress, cache)}


def _digests(
    manifest: DataManifest, name: SplitName, progress: Progress | None, cache: Path | None
) -> Iterator[tuple[int, bytes]]:
    """Yield position and SHA-256 of every sample of a split, in the order of the split."""
    split = manifest.splits[name]
    total = len(split)
    images = manifest.kind == "images"
    found = _of_files(split) if images else _of_arrays(split, cache)
    for done, (position, digest) in enumerate(found, start=1):
        yield position, digest
        if progress is not None and (done % 256 == 0 or done == total):
            progress(done, total)


def _of_files(split: Split) -> Iterator[tuple[int, bytes]]:
    index = read_index(split.path)
    with FileDigests.beside(split.path, index.root) as files:
        for position in yielded(split).tolist():
            yield position, files.digest(index.file(position))


def _of_arrays(split: Split, cache: Path | None) -> Iterator[tuple[int, bytes]]:
    digests = sample_digests(split, cache)
    for position in yielded(split).tolist():
        yield position, digests[position].tobytes()
