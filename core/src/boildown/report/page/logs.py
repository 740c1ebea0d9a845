"""The end of each job's log, which is text of a toolkit and lies where a foreign file says."""

from __future__ import annotations

import os
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ..text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ...comparison.schema import Comparison

#: Bytes of a log that the page keeps; the path of the whole stands beside it.
TAIL_BYTES = 4096
#: Stands in place of a log that was not looked for.
NOT_READ = (
    "(not shown: this log is outside of the folders that the report was made from. Make the report "
    "from the runs themselves: boildown report RUN... --out FOLDER)"
)


def tails(comparison: Comparison, folder: Path, runs: Sequence[Path] = ()) -> dict[int, str]:
    """Return the last lines of every log by number of the row.

    Paths are relative to `folder`; only what lies in it, or in the folder of one of `runs`, is
    read, since a foreign file may name any. Of others it is said that they are not shown.
    """
    roots = [root.resolve() for root in (folder, *runs)]
    found = {}
    for number, row in enumerate(comparison.results, start=1):
        name = row.provenance.log if row.provenance else None
        text = _tail(folder, name, roots) if name else ""
        if text:
            found[number] = text
    return found


def _tail(folder: Path, name: str, roots: Sequence[Path]) -> str:
    relative = PurePosixPath(name)
    path = folder / relative
    known = any(path.resolve().is_relative_to(root) for root in roots)
    inside = not relative.is_absolute() and known
    if not inside:
        return NOT_READ
    if not path.is_file():
        return ""
    with path.open("rb") as stream:
        length = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, length - TAIL_BYTES))
        lines = stream.read().decode("utf-8", "replace").rstrip().splitlines()
    # What was cut off in its middle is no line, unless there is no other.
    kept = lines if length <= TAIL_BYTES else lines[1:] or [f"…{line}" for line in lines]
    return "\n".join(map(clean, kept)).strip("\n")
