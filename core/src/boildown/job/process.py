"""Run one command in a process group of its own, watched from outside and never left behind.

Toolkits leak, hang, print and crash. The host sees only how the process ended and what it cost.
The child's standard input is a lifeline: it reads end-of-file when the host is gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import psutil

from ..frozen import Frozen
from .interrupts import interrupts_held
from .protocol import Cost
from .resident import peak_at_end, peak_of_child, resident_bytes

#: Environment variable that names the file descriptor for progress lines (one JSON object each).
PROGRESS_FD = "BOILDOWN_PROGRESS_FD"
#: Exit code of a process that could not write its answer (EX_IOERR of sysexits.h).
NO_ANSWER = os.EX_IOERR
_TICK_SECONDS = 0.1
#: Finding the children of a process reads all of /proc. Without a limit of memory a look now and
#: then is enough: the kernel keeps the peak of the process itself.
_LOOK_SECONDS = 0.5
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)

Progress = Callable[[dict[str, Any]], None]


class Limits(Frozen):
    """What a process may use at most; None is unlimited."""

    seconds: float | None = None
    memory_bytes: int | None = None


class Ended(Frozen):
    """How a process ended, with the reason in words where it did not end well."""

    status: Literal["ok", "failed", "timeout", "out_of_memory"]
    reason: str = ""
    cost: Cost = Cost()


def run_process(
    command: Sequence[str],
    *,
    log: Path,
    cwd: Path,
    limits: Limits = Limits(),  # noqa: B008 - a frozen value
    threads: int = 1,
    on_progress: Progress | None = None,
    stop: threading.Event | None = None,
    environment: Mapping[str, str] | None = None,
) -> Ended:
    """Run `command` to its end, its output appended to `log`.

    Its temporary files go to a folder of its own, which is removed whatever becomes of it. Raises
    KeyboardInterrupt when interrupted or when `stop` is set; the process is gone by then.
    """
    started, oom_kills = time.monotonic(), _oom_kills()
    with contextlib.ExitStack() as ending:
        output = ending.enter_context(log.open("ab"))
        temporary = ending.enter_context(
            tempfile.TemporaryDirectory(prefix="boildown-", ignore_cleanup_errors=True)
        )
        reading, writing = os.pipe()
        progress = ending.enter_context(
            open(reading, "rb", buffering=0)  # noqa: PTH123 - a descriptor has no path
        )
        # A child whose start is interrupted would be nobody's, and nobody could end it.
        with interrupts_held():
            try:
                child = subprocess.Popen(  # noqa: S603 - the command is the host's own
                    command,
                    cwd=cwd,
                    env=child_environment(threads)
                    | {PROGRESS_FD: str(writing), "TMPDIR": temporary}
                    | dict(environment or {}),
                    stdin=subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=(writing,),
                    start_new_session=True,
                )
            except OSError as error:
                return Ended(status="failed", reason=f"cannot start {command[0]}: {error}")
            finally:
                os.close(writing)
            watch = _Watch(child, limits, started, stop)
            ending.callback(watch.kill)
        _follow(progress, on_progress, watch)
        code, usage = watch.reap()
    cost = Cost(
        wall_seconds=time.monotonic() - started,
        cpu_seconds=usage[0],
        peak_rss_bytes=max(usage[1], watch.peak),
    )
    killed = watch.verdict or _verdict(code, oom_kills)
    return Ended(status=killed[0], reason=killed[1], cost=cost)


class _Watch:
    """Looks at a running process group and ends it when a limit is passed."""

    def __init__(
        self,
        child: subprocess.Popen[bytes],
        limits: Limits,
        started: float,
        stop: threading.Event | None,
    ) -> None:
        self.child, self.pid = child, child.pid
        self.limits, self.started, self.stop = limits, started, stop
        self.peak, self.looked, self.ours = 0, 0.0, resident_bytes()[1]
        self.seen: set[psutil.Process] = set()
        self.code: int | None = None
        self.usage = (0.0, 0)
        self.verdict: tuple[Literal["timeout", "out_of_memory"], str] | None = None

    def running(self) -> bool:
        """Tell whether the process goes on; end it where it may not."""
        if self.code is None:
            pid, status, usage = os.wait4(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
                self.usage = (usage.ru_utime + usage.ru_stime, peak_at_end(usage, self.ours))
        if self.code is None:
            self._check()
        return self.code is None

    def reap(self) -> tuple[int, tuple[float, int]]:
        """Wait for the end; return exit code and (CPU seconds, peak bytes)."""
        while self.running():
            time.sleep(_TICK_SECONDS / 2)
        return self.code or 0, self.usage

    def kill(self) -> None:
        """End the whole group, children that outlived the process included, and reap it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        for process in self.seen:  # those that went into a session of their own
            with contextlib.suppress(psutil.Error):
                process.kill()
        if self.code is None:
            with contextlib.suppress(ChildProcessError):
                self.code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.child.returncode = self.code
        if self.child.stdin is not None:
            self.child.stdin.close()

    def _check(self) -> None:
        if self.stop is not None and self.stop.is_set():
            raise KeyboardInterrupt
        self._look()
        seconds, memory = self.limits.seconds, self.limits.memory_bytes
        if self.verdict is not None:
            return
        if seconds is not None and time.monotonic() - self.started > seconds:
            self.verdict = ("timeout", f"still running after the limit of {seconds:g} s")
        elif memory is not None and self.peak > memory:
            used = f"{self.peak / 2**20:.0f} MiB"
            self.verdict = (
                "out_of_memory",
                f"used {used}, above the limit of {memory / 2**20:.0f} MiB",
            )
        if self.verdict is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def _look(self) -> None:
        """Take down, now and then, who runs below the process and what memory they all take."""
        self.peak, now = max(self.peak, peak_of_child(self.pid)), time.monotonic()
        if self.limits.memory_bytes is None and now - self.looked < _LOOK_SECONDS:
            return
        self.looked, total = now, 0
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self.pid)
            total = process.memory_info().rss
            for child in process.children(recursive=True):
                self.seen.add(child)
                with contextlib.suppress(psutil.Error):
                    total += child.memory_info().rss
        self.peak = max(self.peak, total)


def _follow(progress: Any, report: Progress | None, watch: _Watch) -> None:  # noqa: ANN401
    """Pass progress lines on until the process has ended."""
    pending = b""
    with selectors.DefaultSelector() as selector:
        selector.register(progress, selectors.EVENT_READ)
        while watch.running():
            if not selector.select(_TICK_SECONDS):
                continue
            chunk = progress.read(65536)
            if not chunk:
                return
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                if report is not None:
                    # A toolkit may write to any descriptor: what is no JSON object is not ours.
                    with contextlib.suppress(ValueError):
                        message = json.loads(line)
                        if isinstance(message, dict):
                            report(message)


def _verdict(code: int, oom_kills: int) -> tuple[Literal["ok", "failed", "out_of_memory"], str]:
    if code == 0:
        return "ok", ""
    if code == -signal.SIGKILL and _oom_kills() > oom_kills:
        return "out_of_memory", "the system ran out of memory and killed the process"
    if code < 0:
        return "failed", f"the process was killed by {signal.Signals(-code).name}"
    if code == NO_ANSWER:
        return "failed", "the process could not write its answer; free some space on the disk"
    return "failed", f"the process ended with exit code {code}"


def _oom_kills() -> int:
    """Return how often the kernel has killed for memory so far; 0 where it does not tell."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/vmstat").read_text(encoding="ascii").splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0


def child_environment(threads: int) -> dict[str, str]:
    """Return the environment of a child: fixed threads that sleep instead of spinning."""
    fixed = dict.fromkeys(_THREAD_VARIABLES, str(threads))
    fixed |= {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0", "PYTHONHASHSEED": "0"}
    return {**os.environ, **fixed, "PYTHONUNBUFFERED": "1"}
