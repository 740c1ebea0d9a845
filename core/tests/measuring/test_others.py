"""What other processes take of the computer while something is timed."""

from __future__ import annotations

import subprocess
import sys
import time
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from boildown.measuring.others import Others

SPIN = "import time\nend = time.monotonic() + 2\nwhile time.monotonic() < end: pass"


def test_what_others_take_is_told_and_what_this_process_takes_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Clock:
        wall, own, user, system, idle = 0.0, 0.0, 50.0, 5.0, 900.0

    fields = ("user", "system", "idle", "guest")

    def cpu_times() -> Any:
        values = (Clock.user, Clock.system, Clock.idle, 7.0)
        return SimpleNamespace(_asdict=lambda: dict(zip(fields, values, strict=True)))

    monkeypatch.setattr(psutil, "cpu_times", cpu_times)
    monkeypatch.setattr(time, "monotonic", lambda: Clock.wall)
    monkeypatch.setattr(time, "process_time", lambda: Clock.own)
    others = Others()
    Clock.wall, Clock.own, Clock.user, Clock.system, Clock.idle = 4.0, 4.0, 58.0, 6.0, 907.0
    assert others.cores() == pytest.approx((8 + 1 - 4) / 4)


def test_a_process_that_spins_beside_is_seen() -> None:
    with subprocess.Popen([sys.executable, "-c", SPIN]) as beside:
        time.sleep(0.3)  # until it spins
        others = Others()
        time.sleep(1)  # a second of its spinning
        assert (others.cores() or 0) > 0.3
        beside.kill()


def test_too_short_a_time_tells_nothing() -> None:
    assert Others().cores() is None
