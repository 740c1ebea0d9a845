"""What a user pays before anything happens: the help, counted in CPU time of the whole process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

MOST_SECONDS = 0.4
BEST_OF = 5


def cpu_seconds(command: list[str], environment: Mapping[str, str]) -> float:
    """Run a command and return the CPU seconds that it took, its own start included."""
    child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    assert child.returncode == 0
    return usage.ru_utime + usage.ru_stime


@pytest.fixture
def compiled(surroundings: Mapping[str, str], tmp_path: Path) -> Mapping[str, str]:
    """Return an environment in which bytecode is kept, wherever the sources lie."""
    return {**surroundings, "PYTHONPYCACHEPREFIX": str(tmp_path)}


def test_the_help_is_there_at_once(compiled: Mapping[str, str]) -> None:
    command = [str(Path(sys.executable).with_name("boildown")), "--help"]
    # The first run compiles; of the others the best is the one least disturbed.
    _, *runs = (cpu_seconds(command, compiled) for _ in range(1 + BEST_OF))
    assert min(runs) <= MOST_SECONDS


def test_the_measure_of_the_help_sees_what_is_heavy(compiled: Mapping[str, str]) -> None:
    busy = "import time\nwhile time.process_time() < 0.6: pass"
    assert cpu_seconds([sys.executable, "-c", busy], compiled) > MOST_SECONDS
