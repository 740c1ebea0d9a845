"""Look after the cache: what is in it, whether it is sound, and keeping it below a size."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from ..errors import UsageError
from .lock import open_lock
from .store import SEAL, Kind, Store

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEY = re.compile(r"[0-9a-f]{64}")
#: What the trash calls an entry.
_GONE = re.compile(r"[0-9a-f]{32}")
_RUNS = "runs"

State = Literal["finished", "unfinished", "damaged"]


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """One entry: what kind of work it holds, its size, and when it was last read or written."""

    kind: str
    key: str
    folder: Path
    bytes: int
    last_used: float
    finished: bool


def entries(store: Store) -> list[CacheEntry]:
    """List all entries of the cache, the one that was used longest ago first."""
    found = []
    for folder in _folders(store):
        with suppress(FileNotFoundError):  # somebody prunes at this moment
            found.append(_entry(folder))
    return sorted(found, key=lambda entry: entry.last_used)


def verify(store: Store) -> Iterator[tuple[CacheEntry, State]]:
    """Yield every entry with its state; digests of finished ones are computed anew."""
    for entry in entries(store):
        if not entry.finished:
            yield entry, "unfinished"
        else:
            yield entry, "finished" if store.intact(entry.folder) else "damaged"


def prune(store: Store, keep_bytes: int, *, damaged_only: bool = False) -> list[CacheEntry]:
    """Remove entries used longest ago until the rest takes at most `keep_bytes`.

    With `damaged_only` only those whose files no longer fit their seal go.

    Raises:
        UsageError: a run uses this cache now.
    """
    with _nobody_runs(store) as alone:
        if not alone:
            raise UsageError(f"a run uses the cache {store.root} now; prune it afterwards")
        if damaged_only:
            doomed = [entry for entry, state in verify(store) if state == "damaged"]
        else:
            doomed = _beyond(entries(store), keep_bytes)
        _remove(store, doomed)
        return doomed


def keep_within(store: Store, keep_bytes: int) -> list[CacheEntry]:
    """Prune at the end of a run, unless another run still uses the cache: it will do it then."""
    with _nobody_runs(store) as alone:
        doomed = _beyond(entries(store), keep_bytes) if alone else []
        if alone:
            _remove(store, doomed)
        return doomed


@contextmanager
def in_use(store: Store) -> Iterator[None]:
    """Keep the cache from being pruned while a run reads what it holds."""
    descriptor = open_lock(_runs(store))
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _nobody_runs(store: Store) -> Iterator[bool]:
    descriptor = open_lock(_runs(store))
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def _runs(store: Store) -> Path:
    path = store.root / "locks" / _RUNS
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _folders(store: Store) -> Iterator[Path]:
    """Yield the folders that `Store.entry` has made; the user may keep others beside them."""
    for kind in get_args(Kind):
        for folder in sorted((store.root / kind).glob("??/*")):
            ours = _KEY.fullmatch(folder.name) and folder.name.startswith(folder.parent.name)
            if ours and folder.is_dir():
                yield folder


def _beyond(found: list[CacheEntry], keep_bytes: int) -> list[CacheEntry]:
    total = sum(entry.bytes for entry in found)
    doomed = []
    for entry in found:
        if total <= keep_bytes:
            break
        doomed.append(entry)
        total -= entry.bytes
    return doomed


def _remove(store: Store, doomed: list[CacheEntry]) -> None:
    """Take each entry out by one rename, so that nobody ever sees half of it; empty the trash.

    With it goes what a prune that was cut off has left there.
    """
    trash = store.root / "trash"
    trash.mkdir(exist_ok=True)
    for entry in doomed:
        entry.folder.rename(trash / uuid.uuid4().hex)
    for gone in trash.iterdir():
        if _GONE.fullmatch(gone.name):
            shutil.rmtree(gone, ignore_errors=True)


def _entry(folder: Path) -> CacheEntry:
    files = _stats(folder)
    seal = folder / SEAL
    return CacheEntry(
        kind=folder.parent.parent.name,
        key=folder.name,
        folder=folder,
        bytes=sum(file.st_size for file in files),
        last_used=max((file.st_mtime for file in files), default=folder.stat().st_mtime),
        finished=seal.exists(),
    )


def _stats(folder: Path) -> list[os.stat_result]:
    """Return what the system says of all files; a job at work may remove some meanwhile."""
    found = []
    for parent, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                found.append(Path(parent, name).lstat())
    return found
