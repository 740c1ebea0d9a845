"""Kill a worker of boildown's at an exact moment; Python runs this in every process that starts.

The moments are those that Python audits: every import, every file opened, renamed or removed,
every folder made. `$DEADLY` is `any:kill:N` to end at the N-th of them, or `any:count:FILE` to
write down how many there are; `files` for `any` means only those that change something on disk.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from pathlib import Path
from typing import Any

_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "shutil.rmtree"}
_moments = 0
_which, _, _what = os.environ.get("DEADLY", "").partition(":")


def _is_a_moment(event: str, arguments: tuple[Any, ...]) -> bool:
    if _which == "any":
        return True
    writes = event == "open" and str(arguments[1] or "r")[0] in "wax+"
    return writes or event in _CHANGES


def _pass(event: str, arguments: tuple[Any, ...]) -> None:
    global _moments  # noqa: PLW0603 - a hook has nothing else to keep its count in
    if not _is_a_moment(event, arguments):
        return
    _moments += 1
    if _what == f"kill:{_moments}":
        os.kill(os.getpid(), signal.SIGKILL)


if _what and "boildown.job.worker" in sys.orig_argv:
    sys.addaudithook(_pass)
    if _what.startswith("count:"):
        atexit.register(lambda: Path(_what.partition(":")[2]).write_text(str(_moments), "utf-8"))
