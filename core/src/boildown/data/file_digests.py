"""Digests of image files, remembered between runs while the files stay as they are."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from ..artifact import file_digest
from ..errors import DataError
from ..files import write_atomically

#: A file changed this short a time before it was hashed may change again without a new time.
SETTLED_SECONDS = 2.0
_ENTRY = re.compile(r"\d+ -?\d+ -?\d+ [0-9a-f]{64}")


class FileDigests:
    """SHA-256 of files, kept in one JSON file: path -> `size mtime ctime digest`.

    A kept digest counts only while size, time of change and time of the inode's change, which
    no copying tool sets back, are the same.
    """

    def __init__(self, store: Path, known: dict[str, str]) -> None:
        """Remember in `store`, starting from what is `known`."""
        self._store = store
        self._known = known
        self._changed = False

    @classmethod
    def beside(cls, index: Path, root: Path) -> Self:
        """Open the digests of all files of a dataset, kept beside its index."""
        name = hashlib.sha256(str(root).encode()).hexdigest()[:16]
        store = index.with_name(f"digests-{name}.json")
        known: dict[str, str] = {}
        # A store that is missing or damaged costs time, not correctness.
        with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
            loaded = json.loads(store.read_text(encoding="utf-8"))
            known = {path: kept for path, kept in loaded.items() if _ENTRY.fullmatch(kept)}
        return cls(store, known)

    def digest(self, path: Path) -> bytes:
        """Return the SHA-256 of a file's content.

        Raises:
            DataError: The file cannot be read.
        """
        try:
            stat = path.stat()
            state = f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns} "
            kept = self._known.get(str(path), "")
            if kept.startswith(state):
                return bytes.fromhex(kept.removeprefix(state))
            digest = file_digest(path)
        except OSError as error:
            raise DataError(f"the image {path} cannot be read ({error.strerror})") from error
        if time.time() - max(stat.st_mtime, stat.st_ctime) > SETTLED_SECONDS:
            self._known[str(path)] = state + digest
            self._changed = True
        return bytes.fromhex(digest)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what is new, also after an interruption, so that no file is hashed twice."""
        if self._changed:
            write_atomically(self._store, json.dumps(self._known))
