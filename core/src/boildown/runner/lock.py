"""One lock for the whole machine: many may compress at once, but a measurement runs alone."""

from __future__ import annotations

import fcntl
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def machine_lock(
    mode: Literal["shared", "exclusive"], folder: Path | None = None
) -> Iterator[None]:
    """Hold the machine's lock: `shared` to compress, `exclusive` to measure time or memory.

    Everybody passes a turnstile first, so that a measurement that waits is not overtaken for ever
    by new compressing jobs. The kernel drops the locks of a process that dies.
    """
    base = folder or Path(tempfile.gettempdir())
    turnstile, machine = (
        open_lock(base / "boildown-turnstile.lock"),
        open_lock(base / "boildown-machine.lock"),
    )
    try:
        fcntl.flock(turnstile, fcntl.LOCK_EX)
        fcntl.flock(machine, fcntl.LOCK_SH if mode == "shared" else fcntl.LOCK_EX)
        fcntl.flock(turnstile, fcntl.LOCK_UN)
        yield
    finally:
        os.close(turnstile)
        os.close(machine)


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on one name, against threads and processes alike."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = open_lock(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def open_lock(path: Path) -> int:
    """Open or create a lock file that other users of the machine can lock too.

    Sticky folders refuse O_CREAT on a file of somebody else, so an existing one is opened first.
    """
    try:
        return os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        os.fchmod(descriptor, 0o666)
        return descriptor
