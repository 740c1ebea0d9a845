"""The index of an image dataset: a JSON-lines file of paths and labels, so no image is copied.

The first line is the header (root folder, class names); every other line is one image.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from ..errors import DataError
from ..files import write_atomically
from .manifest import Split

#: Whether class names were sorted by boildown, or put into the model's order by the user.
ClassOrder = Literal["sorted", "given"]
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Index:
    """Images as (path relative to root, label); every label is None in an unlabelled index."""

    root: Path
    entries: tuple[tuple[str, int | None], ...]
    classes: tuple[str, ...] = ()
    class_order: ClassOrder = "sorted"

    def file(self, position: int) -> Path:
        """Return the path of one image."""
        return self.root / self.entries[position][0]


def interleaved(entries: Sequence[tuple[str, int | None]]) -> tuple[tuple[str, int | None], ...]:
    """Order by turns: the first image of every class, then the second of every class.

    The first N images then hold all classes, while a folder's own order would start with
    nothing but the first class.
    """
    seen: dict[int | None, int] = {}
    ranked = []
    for path, label in entries:
        turn = seen.get(label, 0)
        seen[label] = turn + 1
        ranked.append((turn, -1 if label is None else label, path, label))
    ranked.sort(key=lambda entry: entry[:3])
    return tuple((path, label) for _, _, path, label in ranked)


def write_index(index: Index, workdir: Path) -> Path:
    """Write an index below `workdir` under a name made of its content, and return its path."""
    header = {
        "boildown_index": _VERSION,
        "root": str(index.root),
        "classes": index.classes,
        "class_order": index.class_order,
    }
    lines = [header, *({"path": path, "label": label} for path, label in index.entries)]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    path = workdir / f"images-{hashlib.sha256(text.encode()).hexdigest()[:32]}.jsonl"
    return path if path.exists() else write_atomically(path, text)


def write_split(index: Index, workdir: Path) -> Split:
    """Write the index of one split; it is labelled if its images are."""
    labelled = bool(index.entries) and index.entries[0][1] is not None
    return Split(path=write_index(index, workdir), count=len(index.entries), labelled=labelled)


def read_index(path: Path) -> Index:
    """Read an index, once per process while the file stays the same.

    Raises:
        DataError: The file is missing or is not an index.
    """
    try:
        return _read(path, path.stat().st_ctime_ns)
    except OSError as error:
        raise DataError(f"the image index {path} cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path} is not an image index of this boildown; delete it") from error


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int) -> Index:
    with path.open(encoding="utf-8") as lines:
        header: dict[str, Any] = json.loads(next(lines, "{}"))
        if header["boildown_index"] != _VERSION:
            raise ValueError("another version")
        rows = [json.loads(line) for line in lines]
    entries = tuple((str(row["path"]), row["label"]) for row in rows)
    order: ClassOrder = "given" if header["class_order"] == "given" else "sorted"
    return Index(Path(header["root"]), entries, tuple(header["classes"]), order)
