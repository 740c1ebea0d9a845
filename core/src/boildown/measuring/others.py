"""How much of the computer other processes take while something is timed here.

CPU time leaves out what they took away, and not what they slow down: caches, memory and, where two
threads share a core, its units are used by all. Ratios change by it too, often by a tenth.
"""

from __future__ import annotations

import time

import psutil

#: What of `psutil.cpu_times()` is no work, or is counted among other fields as well.
_NO_WORK = ("idle", "iowait", "guest", "guest_nice")
#: Systems count in hundredths of seconds.
_LEAST_SECONDS = 0.1


class Others:
    """Counts from when it is made."""

    def __init__(self) -> None:
        self._wall, self._busy = time.monotonic(), _busy()

    def cores(self) -> float | None:
        """Return the cores that others kept busy since, on average; None after less than 0.1 s."""
        wall = time.monotonic() - self._wall
        if wall < _LEAST_SECONDS:
            return None
        return max(0.0, (_busy() - self._busy) / wall)


def _busy() -> float:
    """Return the CPU seconds since the computer was started that were not this process's own."""
    times = psutil.cpu_times()._asdict()
    spent: float = sum(value for kind, value in times.items() if kind not in _NO_WORK)
    return spent - time.process_time()
