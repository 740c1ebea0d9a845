"""Where the memory of a process is read."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from boildown.job.resident import peak_of_child, reset_peak, resident_bytes

linux = pytest.mark.skipif(sys.platform != "linux", reason="procfs is Linux's")


def status(proc: Path, rss: int, peak: int) -> Path:
    proc.mkdir(exist_ok=True)
    (proc / "status").write_text(f"Name:\tx\nVmHWM:\t{peak} kB\nVmRSS:\t{rss} kB\n")
    return proc


@linux
def test_the_peak_is_read_and_can_be_set_back(tmp_path: Path) -> None:
    proc = status(tmp_path / "proc", rss=100, peak=300)
    assert resident_bytes(proc) == (100 * 1024, 300 * 1024)
    assert reset_peak(proc)
    assert (proc / "clear_refs").read_text() == "5"
    assert not reset_peak(tmp_path / "none")


def test_on_macos_the_peak_comes_from_getrusage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    hog = np.ones(1 << 20)
    now, peak = resident_bytes(Path("/nowhere"))
    assert now == peak > 0
    assert len(hog)


@linux
def test_a_process_that_is_gone_has_no_peak() -> None:
    assert peak_of_child(2**22 + 1) == 0
