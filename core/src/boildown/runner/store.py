"""The cache: finished work in folders named by the full SHA-256 of everything that decides it.

An entry is worked on in place under its own lock. It counts as finished when its seal is there: a
list of all files with their digests, written last and checked on every read. What has no seal is
work that was cut off; a job goes on in it.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import platformdirs

from ..artifact import file_digest
from ..errors import UsageError
from ..files import refuse_unusable, remove_partial, write_atomically
from .lock import file_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNITS = {"K": 1, "M": 2, "G": 3, "T": 4}
#: What entries hold; whatever else lies in the folder of the cache is not of the cache.
Kind: TypeAlias = Literal[
    "datasets", "energy", "facts", "jobs", "labels", "looks", "memory", "models", "outputs",
    "plans", "source-facts", "sources", "speed",
]  # fmt: skip
#: File that makes an entry finished.
SEAL = "seal.json"


def default_root() -> Path:
    """Return `$BOILDOWN_CACHE`, else the user's cache folder as the platform has it.

    Raises:
        UsageError: it cannot be written to.
    """
    named = os.environ.get("BOILDOWN_CACHE")
    root = named or platformdirs.user_cache_dir("boildown", appauthor=False)
    refuse_unusable(Path(root), "the cache (BOILDOWN_CACHE)")
    return Path(root)


def size_limit() -> int:
    """Return `$BOILDOWN_CACHE_LIMIT` in bytes (as in `20G`), else 20 GiB.

    Raises:
        UsageError: the variable holds no size.
    """
    return bytes_in(os.environ.get("BOILDOWN_CACHE_LIMIT", "20G"))


def bytes_in(text: str) -> int:
    """Return the bytes that a text such as `500M`, `20G` or `1000` means (powers of 1024)."""
    number, unit = text.strip(), 1
    for letter, power in _UNITS.items():
        if number.upper().endswith(letter):
            number, unit = number[:-1], 1024**power
    try:
        size = int(float(number) * unit)
    except (ValueError, OverflowError):
        size = -1
    if size < 0:
        raise UsageError(f"{text!r} is no size; write a number of bytes, or one with K, M, G or T")
    return size


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the cache, locked by this process; `finished` says that it may be read."""

    folder: Path
    finished: bool
    #: The entry had a seal but its files no longer fit it; it was emptied.
    damaged: bool = False

    def seal(self) -> None:
        """Declare the entry finished as it is now."""
        remove_partial(self.folder)
        write_atomically(self.folder / SEAL, json.dumps(_digests(self.folder), indent=1))

    def read(self, name: str) -> Any:  # noqa: ANN401 - JSON is what it is
        """Return the parsed JSON of one file of the entry."""
        return json.loads((self.folder / name).read_bytes())

    def write(self, name: str, text: str) -> Path:
        """Write one text file of the entry."""
        return write_atomically(self.folder / name, text)


class Store:
    """A cache in one folder; several processes may use it at once."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    @contextmanager
    def entry(self, kind: Kind, key: str) -> Iterator[Entry]:
        """Lock and open the entry of `key`; its folder exists, empty if it is new."""
        folder = self.root / kind / key[:2] / key
        with file_lock(self.root / "locks" / f"{kind}-{key}"):
            finished = self.intact(folder)
            damaged = not finished and (folder / SEAL).exists()
            if damaged:
                shutil.rmtree(folder)
            folder.mkdir(parents=True, exist_ok=True)
            if finished:
                (folder / SEAL).touch()  # the time of last use, by which the cache is pruned
            try:
                yield Entry(folder=folder, finished=finished, damaged=damaged)
            finally:
                if not (folder / SEAL).exists():
                    remove_partial(folder)

    @staticmethod
    def intact(folder: Path) -> bool:
        """Tell whether an entry has its seal and every file fits it."""
        try:
            sealed: object = json.loads((folder / SEAL).read_bytes())
        except (OSError, ValueError):
            return False
        return sealed == _digests(folder)


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): file_digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != SEAL
    }
