"""Write files so that a reader, or a run after a crash, never sees half of one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from .errors import UsageError

#: How the name of a file ends that is being written, or was when its process was killed.
_PARTIAL = ".boildown-partial"


def write_atomically(path: Path, content: str | bytes) -> Path:
    """Write bytes, or text as UTF-8, under a temporary name beside `path`; rename it into place.

    Raises OSError that names `path`, with nothing left of what was written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(_PARTIAL, f".{path.name}.", path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content.encode() if isinstance(content, str) else content)
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        # The system does not say which file it was writing when the disk became full.
        error.filename = error.filename or str(path)
        raise
    finally:
        temporary.unlink(missing_ok=True)
    return path


def refuse_unusable(folder: Path, what: str) -> None:
    """Raise UsageError where a folder is not, and cannot become, one to write into."""
    place = folder.absolute()
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir():
        raise UsageError(f"{what} {folder}: {place} is a file; name a folder")
    if not os.access(place, os.W_OK | os.X_OK):
        raise UsageError(f"{what} {folder}: {place} may not be written to; name another folder")


def remove_partial(folder: Path) -> None:
    """Remove what killed writers have left below `folder`, where nobody may be writing now."""
    for path in folder.rglob(f".*{_PARTIAL}"):
        path.unlink(missing_ok=True)
