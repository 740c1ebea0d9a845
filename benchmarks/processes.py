"""Time whole processes, with everything they start: wall and CPU seconds."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from boildown.measuring.statistics import LEAST_PAIRS, median_interval

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True)
class Seconds:
    """What one process took, its children that it waited for included."""

    wall: float
    cpu: float


def program(name: str) -> str:
    """Return the path of a command that is installed beside this Python."""
    return str(Path(sys.executable).with_name(name))


def surroundings(cache: Path, bytecode: Path) -> dict[str, str]:
    """Return the environment of a process: one thread, compiled bytecode, its own cache."""
    own = {name: text for name, text in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        **own,
        "BOILDOWN_CACHE": str(cache),
        "PYTHONPYCACHEPREFIX": str(bytecode),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "PASSIVE",
    }


def timed(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Seconds:
    """Run a command to its end; stop with what it printed where it fails."""
    log = folder / "process.log"
    with log.open("wb") as output:
        started = time.monotonic()
        child = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{command} ended with {child.returncode}:\n{log.read_text()}")
    return Seconds(wall=wall, cpu=usage.ru_utime + usage.ru_stime)


def summary(values: Sequence[float]) -> dict[str, Any]:
    """Return median, n and the interval of the median (95 %, from six values on) of one figure."""
    interval = median_interval(values) if len(values) >= LEAST_PAIRS else None
    return {
        "median": round(median(values), 4),
        "interval": interval and [round(end, 4) for end in interval],
        "n": len(values),
        "values": [round(value, 4) for value in values],
    }
