"""Joules per inference from the CPU's own counters (Linux powercap, Intel RAPL and AMD alike).

The counters cover whole CPU packages: other processes and idle cores are in the figure. There is
no estimate from time or load; without counters there is no figure.
"""

from __future__ import annotations

import time
from pathlib import Path

from ..errors import UnsupportedError
from .requests import EnergyRequest, EnergyUsed
from .runtimes import import_runtime, open_target, sample_inputs

POWERCAP = Path("/sys/class/powercap")


def packages(root: Path) -> list[Path]:
    """Return the counters of whole packages, not of their parts, nor of a platform around them.

    `intel-rapl:0` is a package and `intel-rapl:0:1` a part of it; `intel-rapl:1` may be `psys`, the
    whole computer, packages included (Linux, Documentation/power/powercap).
    """
    return sorted(p for p in root.glob("intel-rapl:*") if _is_package(p))


def _is_package(counter: Path) -> bool:
    try:
        name = (counter / "name").read_text(encoding="ascii")
    except (OSError, ValueError):
        return False
    return counter.name.count(":") == 1 and name.startswith("package-")


def unreadable(root: Path = POWERCAP) -> str:
    """Say why energy cannot be measured on this computer; empty: it can."""
    found = packages(root)
    if not found:
        return f"this computer offers no energy counter ({root}/intel-rapl:* does not exist)"
    try:
        read(found)
    except PermissionError as error:
        return f"the energy counter may not be read ({error.filename}: only root may, by default)"
    except (OSError, ValueError) as error:
        return f"the energy counter cannot be read ({error})"
    return ""


def read(counters: list[Path]) -> list[tuple[int, int]]:
    """Return (microjoules, value at which they start again from 0) of every counter."""
    return [
        (
            int((counter / "energy_uj").read_text(encoding="ascii")),
            int((counter / "max_energy_range_uj").read_text(encoding="ascii")),
        )
        for counter in counters
    ]


def joules_between(before: list[tuple[int, int]], after: list[tuple[int, int]]) -> float:
    """Return the joules between two readings, of which each counter may have wrapped once."""
    used = [
        (late - early) % (wraps + 1)
        for (early, _), (late, wraps) in zip(before, after, strict=True)
    ]
    return sum(used) / 1e6


def run_energy(request: EnergyRequest) -> EnergyUsed:
    """Run inferences for the asked time; UnsupportedError without counters."""
    reason = unreadable(request.root)
    if reason:
        raise UnsupportedError(reason)
    counters = packages(request.root)
    import_runtime(request.target)
    runtime, inputs = open_target(request.target), sample_inputs(request.sample)
    runtime.run(inputs)
    inferences, start, before = 0, time.perf_counter(), read(counters)
    while time.perf_counter() - start < request.seconds:
        runtime.run(inputs)
        inferences += 1
    joules = joules_between(before, read(counters)) / inferences
    return EnergyUsed(joules=joules, inferences=inferences)
