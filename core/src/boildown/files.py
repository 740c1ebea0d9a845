"""Write files so that a reader, or a run after a crash, never sees half of one."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from pathlib import Path

from .errors import UsageError

#: What the system says where a disk is full, or as much of it as one may use.
NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
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


def write_named(file: Path, content: str | bytes) -> None:
    """Write what a user names: a link goes on leading there, a pipe or device is written into."""
    if _is_stream(file):
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    else:
        write_atomically(_target(file), content)


def refuse_unusable(folder: Path, what: str) -> None:
    """Raise UsageError where a folder is not, and cannot become, one to write into."""
    place = folder.absolute()
    while not os.path.lexists(place) and place != place.parent:
        place = place.parent
    if problem := _no_folder(place) or _no_name(folder):
        raise UsageError(f"{what} {folder}: {problem}; name another folder")


def refuse_unusable_file(file: Path, what: str) -> None:
    """Raise UsageError where `write_named` cannot write a file, or it is a folder."""
    if _is_stream(file):
        if os.access(file, os.W_OK):
            return
        raise UsageError(f"{what} {file}: it may not be written to; name another file")
    refuse_unusable(_target(file).parent, what)
    if problem := _no_name(file) or ("it is a folder" if file.is_dir() else ""):
        raise UsageError(f"{what} {file}: {problem}; name another file")


def _is_stream(path: Path) -> bool:
    """Tell whether something is there that takes bytes but cannot be replaced by a file."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def _target(file: Path) -> Path:
    """Return what a link leads to, anything else as it is."""
    return Path(os.path.realpath(file)) if os.path.lexists(file) else file


def _no_folder(place: Path) -> str:
    """Say why nothing can be written into what is there; empty where it can."""
    if not place.exists():
        return f"{place} is a link to nothing"
    if not place.is_dir():
        return f"{place} is a file"
    try:
        # Permissions do not tell: root may write to /proc, which takes no file.
        with tempfile.TemporaryFile(dir=place):
            return ""
    except OSError as error:
        if error.errno in NO_SPACE:
            raise
        return f"{place} may not be written to ({error.strerror})"


def _no_name(path: Path) -> str:
    """Say why there can be nothing of this name; empty where there can be."""
    try:
        path.stat()
    except FileNotFoundError:
        return ""
    except OSError as error:
        return str(error.strerror)
    return ""


def remove_partial(folder: Path) -> None:
    """Remove what killed writers have left below `folder`, where nobody may be writing now."""
    for path in folder.rglob(f".*{_PARTIAL}"):
        path.unlink(missing_ok=True)
