"""Write an image index as boildown reads it: one JSON line about all, then one for each image."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from boildown import Split

if TYPE_CHECKING:
    from collections.abc import Sequence

_VERSION = 1


class Photo(NamedTuple):
    """An image file and its class number, None where nobody labelled it."""

    file: Path
    label: int | None = None


def write_split(photos: Sequence[Photo], workdir: Path) -> Split:
    """Index photos where they lie, labelled all or none; only the index is written to `workdir`."""
    root = Path(os.path.commonpath([photo.file.parent for photo in photos]))
    # "given": the numbers are the model's own and must not be sorted anew.
    header = {
        "boildown_index": _VERSION,
        "root": str(root),
        "classes": [],
        "class_order": "given",
    }
    rows = [{"path": file.relative_to(root).as_posix(), "label": label} for file, label in photos]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in (header, *rows))
    path = workdir / f"photos-{hashlib.sha256(text.encode()).hexdigest()[:32]}.jsonl"
    if not path.exists():
        # Renamed into place, so that nobody ever reads half an index.
        partial = path.with_suffix(".partial")
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    return Split(path=path, count=len(photos), labelled=photos[0].label is not None)
