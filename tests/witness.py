"""Write down every place that a process writes to; Python runs this in every process that starts.

`$WITNESS` names the file; each line is the path of a file that was opened for writing, renamed to,
linked or made as a folder, or a program that was started, as Python audits it.
"""

from __future__ import annotations

import os
import sys
from typing import Any

#: Event -> place of the path among its arguments.
_WRITES = {"os.rename": 1, "os.mkdir": 0, "os.link": 1, "os.symlink": 1, "os.truncate": 0}
_testimony = os.environ.get("WITNESS")


def _see(event: str, arguments: tuple[Any, ...]) -> None:
    path: object = None
    if event == "open":
        mode, flags = arguments[1:]
        writes = str(mode or "r")[0] in "wax+" or (flags or 0) & (os.O_WRONLY | os.O_RDWR)
        path = arguments[0] if writes else None
    elif event in _WRITES:
        path = arguments[_WRITES[event]]
    elif event in {"os.system", "os.exec", "os.posix_spawn", "subprocess.Popen"}:
        path = f"program:{arguments[0]}"
    if isinstance(path, str | bytes | os.PathLike):
        full = path if str(path).startswith("program:") else os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - pathlib would be audited anew
        os.write(_out, f"{full}\n".encode())


if _testimony:
    _out = os.open(_testimony, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    sys.addaudithook(_see)
