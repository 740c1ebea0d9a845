"""Resident memory of a process, now and at its peak.

Linux: VmHWM of /proc/PID/status, which begins anew with the program (proc(5)). `ru_maxrss` does
not: a child begins with the peak of the process that started it. macOS: `ru_maxrss` of
getrusage(2), which only ever grows.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

OWN = Path("/proc/self")


def reset_peak(proc: Path) -> bool:
    """Set the peak back to the present size; False where the system does not allow it."""
    try:
        (proc / "clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def resident_bytes(proc: Path = OWN) -> tuple[int, int]:
    """Return resident bytes now and at their peak; the same number twice on macOS.

    Of a process that has ended nothing is known any more: 0.
    """
    if _is_darwin():
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak, peak
    found = {"VmRSS": 0, "VmHWM": 0}
    for line in (proc / "status").read_text(encoding="ascii", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name in found:
            found[name] = int(value.split()[0]) * 1024
    return found["VmRSS"], found["VmHWM"]


def peak_of_child(pid: int) -> int:
    """Return the peak of a running child; 0 on macOS, where it is told at the end."""
    if _is_darwin():
        return 0
    try:
        return resident_bytes(Path("/proc") / str(pid))[1]
    except OSError:
        return 0


def peak_at_end(usage: resource.struct_rusage, ours: int) -> int:
    """Return the peak of a child that has ended; 0 where it is not known to be its own.

    Args:
        usage: What the system tells at the end.
        ours: The peak of this process just after it had started the child.
    """
    if _is_darwin():
        return usage.ru_maxrss
    peak = usage.ru_maxrss * 1024  # Linux counts KiB
    return peak if peak > ours else 0


def _is_darwin() -> bool:
    return sys.platform == "darwin"
