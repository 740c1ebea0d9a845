"""Keep one worker alive, ask it one thing at a time, and replace it when it dies or hangs."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
from typing import TYPE_CHECKING

from ..errors import PluginError
from ..frozen import Frozen
from ..job.process import child_environment
from .requests import Answer

if TYPE_CHECKING:
    from pathlib import Path

    from .requests import Request

_START_SECONDS = 120.0


class Asked(Frozen):
    """An answer, or how the worker ended instead of giving one, with what it printed."""

    answer: Answer | None
    ended: str = ""
    printed: str = ""


class WorkerProcess:
    """A worker that is started when it is needed and left alive between requests."""

    def __init__(self, python: str, folder: Path) -> None:
        self._python = python
        self._printed, self._log = folder / "stdout.txt", folder / "log.txt"
        self._child: subprocess.Popen[bytes] | None = None
        self._answers = -1
        self._pending = b""

    def close(self) -> None:
        """End the process in good order, so that it can write down what it measured."""
        if self._child is None:
            return
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self._send(b"quit\n")
            self._child.wait(_START_SECONDS)
        self._kill()

    def ask(self, request: Request, seconds: float) -> Asked:
        """Send one request and wait so long for the answer; PluginError if no worker starts."""
        if self._child is None:
            self._start()
        start = self._printed.stat().st_size
        reply, ended = None, ""
        try:
            self._send(request.model_dump_json(by_alias=True).encode() + b"\n")
            line = self._line(seconds)
        except OSError:
            line = b""
        if line:
            reply = Answer.model_validate_json(line)
        else:
            ended = self._kill() if line is not None else self._hung(seconds)
        with self._printed.open("rb") as stream:
            stream.seek(start)
            printed = stream.read().decode(errors="replace")
        return Asked(answer=reply, ended=ended, printed=printed)

    def _start(self) -> None:
        reading, writing = os.pipe()
        with self._printed.open("ab") as printed, self._log.open("ab") as log:
            try:
                self._child = subprocess.Popen(  # noqa: S603 - an interpreter that the user named
                    [self._python, "-m", "boildown.testing.worker", str(writing)],
                    env=child_environment(threads=1),
                    stdin=subprocess.PIPE,
                    stdout=printed,
                    stderr=log,
                    pass_fds=(writing,),
                    start_new_session=True,
                )
            except OSError as error:
                os.close(reading)
                raise PluginError(f"cannot run {self._python}: {error}") from error
            finally:
                os.close(writing)
        self._answers, self._pending = reading, b""
        if not self._line(_START_SECONDS):
            ended = self._kill()
            lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()[-3:]
            raise PluginError(f"no worker starts in {self._python}: {ended}; {' '.join(lines)}")

    def _send(self, line: bytes) -> None:
        if self._child is not None and self._child.stdin is not None:
            self._child.stdin.write(line)
            self._child.stdin.flush()

    def _line(self, seconds: float) -> bytes | None:
        """Return the next line, nothing at the end of the stream, None if time runs out."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._answers, selectors.EVENT_READ)
            while b"\n" not in self._pending:
                if not selector.select(seconds):
                    return None
                chunk = os.read(self._answers, 1 << 16)
                if not chunk:
                    return b""
                self._pending += chunk
        line, _, self._pending = self._pending.partition(b"\n")
        return line

    def _hung(self, seconds: float) -> str:
        self._kill()
        return f"gave no answer within {seconds:g} s"

    def _kill(self) -> str:
        """End the process group and say how the process had ended before."""
        child, self._child = self._child, None
        if child is None:
            return ""
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(1.0)
        code = child.poll()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        if child.stdin is not None:
            with contextlib.suppress(OSError):
                child.stdin.close()
        os.close(self._answers)
        if code is not None and code < 0:
            return f"killed its process with {signal.Signals(-code).name}"
        return f"ended its process with exit code {code}"
