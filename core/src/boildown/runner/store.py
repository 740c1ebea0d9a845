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
from typing import TYPE_CHECKING, Any

import platformdirs

from ..artifact import file_digest
from ..files import write_atomically
from .lock import file_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEAL = "seal.json"


def default_root() -> Path:
    """Return `$BOILDOWN_CACHE`, else the user's cache folder as the platform has it."""
    named = os.environ.get("BOILDOWN_CACHE")
    return Path(named) if named else Path(platformdirs.user_cache_dir("boildown", appauthor=False))


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the cache, locked by this process; `finished` says that it may be read."""

    folder: Path
    finished: bool
    #: The entry had a seal but its files no longer fit it; it was emptied.
    damaged: bool = False

    def seal(self) -> None:
        """Declare the entry finished as it is now."""
        write_atomically(self.folder / _SEAL, json.dumps(_digests(self.folder), indent=1))

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
    def entry(self, kind: str, key: str) -> Iterator[Entry]:
        """Lock and open the entry of `key`; its folder exists, empty if it is new."""
        folder = self.root / kind / key[:2] / key
        with file_lock(self.root / "locks" / f"{kind}-{key}"):
            finished = _intact(folder)
            damaged = not finished and (folder / _SEAL).exists()
            if damaged:
                shutil.rmtree(folder)
            folder.mkdir(parents=True, exist_ok=True)
            yield Entry(folder=folder, finished=finished, damaged=damaged)


def _digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): file_digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != _SEAL
    }


def _intact(folder: Path) -> bool:
    try:
        sealed: object = json.loads((folder / _SEAL).read_bytes())
    except (OSError, ValueError):
        return False
    return sealed == _digests(folder)
