"""Digests of the samples of an array file, remembered between runs while the file stays as it is.

Unpacking a large training set only to see that nothing changed would cost every run seconds.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from ..files import write_atomically
from .file_digests import SETTLED_SECONDS
from .manifest import Split
from .npz_file import stored_bytes
from .samples import array_of


def sample_digests(split: Split, cache: Path | None) -> NDArray[np.uint8]:
    """Return the SHA-256 of every sample in the file of a split, of shape (count, 32).

    The bytes of all inputs count, with their types and shapes. With a folder `cache` they are
    looked up there first, by the path, size and times of the file.

    Raises:
        DataError: The file cannot be read.
    """
    return _remembered(split, cache, "samples", split.count, lambda: _computed(split))


def stored_digest(split: Split, cache: Path | None) -> bytes:
    """Return one SHA-256 over the arrays of a split as they are stored, labels and truths included.

    Nothing is unpacked, so this is quick for large compressed files; the price is that the same
    arrays packed in another way have another digest. `cache` as in `sample_digests`.

    Raises:
        DataError: The file cannot be read.
    """
    return _remembered(split, cache, "stored", 1, lambda: _stored(split)).tobytes()


def _remembered(
    split: Split,
    cache: Path | None,
    what: str,
    count: int,
    compute: Callable[[], NDArray[np.uint8]],
) -> NDArray[np.uint8]:
    """Look digests up in the folder `cache`, or compute them and keep them there."""
    try:
        stat = split.path.stat()
    except OSError as error:
        raise DataError(f"the file {split.path} cannot be read ({error.strerror})") from error
    if cache is None:
        return compute()
    state = f"{split.path}\0{stat.st_size}\0{stat.st_mtime_ns}\0{stat.st_ctime_ns}"
    keys = f"{sorted(split.inputs.items())}\0{split.labels}\0{split.labelled}"
    keys += f"\0{sorted(split.truths.items())}"
    name = hashlib.sha256(f"{state}\0{keys}".encode()).hexdigest()
    kept = cache / f"{what}-{name[:32]}.hex"
    # What is missing or damaged there costs time, not correctness.
    with contextlib.suppress(OSError, ValueError):
        return _rows(bytes.fromhex(kept.read_text(encoding="utf-8")), count)
    digests = compute()
    if time.time() - max(stat.st_mtime, stat.st_ctime) > SETTLED_SECONDS:
        write_atomically(kept, digests.tobytes().hex())
    return digests


def _stored(split: Split) -> NDArray[np.uint8]:
    keys = [f"{name}\0{key}" for name, key in sorted(split.inputs.items())]
    arrays = [key for _, key in sorted(split.inputs.items())]
    if split.labelled and split.labels is not None:
        arrays.append(split.labels)
    arrays += [key for _, key in sorted(split.truths.items())]
    named = [*keys, str(split.labels), str(sorted(split.truths.items()))]
    total = hashlib.sha256("\0".join(named).encode())
    for key in arrays:
        for chunk in stored_bytes(split.path, key):
            total.update(chunk)
    return _rows(total.digest(), 1)


def _computed(split: Split) -> NDArray[np.uint8]:
    arrays = [array_of(split, key) for _, key in sorted(split.inputs.items())]
    kinds = repr([(array.dtype.str, array.shape[1:]) for array in arrays]).encode()
    digests = bytearray()
    for position in range(split.count):
        sample = hashlib.sha256(kinds)
        for array in arrays:
            sample.update(np.ascontiguousarray(array[position]).data)
        digests += sample.digest()
    return _rows(bytes(digests), split.count)


def _rows(digests: bytes, count: int) -> NDArray[np.uint8]:
    """Cut digests into rows; ValueError where they are not `count`."""
    return np.frombuffer(digests, np.uint8).reshape(count, hashlib.sha256().digest_size)
