"""Peak resident memory of loading and running one model in this process, which did nothing else.

Linux: VmHWM of /proc/self/status, set back to the present size before loading by writing 5 to
/proc/self/clear_refs (proc(5)). macOS: ru_maxrss of getrusage(2), which only ever grows.
"""

from __future__ import annotations

import gc
import resource
import sys
from pathlib import Path

from .requests import MemoryPeak, MemoryRequest
from .runtimes import import_runtime, open_target, sample_inputs

_PROC = Path("/proc/self")


def run_memory(request: MemoryRequest) -> MemoryPeak:
    """Load the model, run a few inferences, and return the peaks."""
    import_runtime(request.target)
    inputs = sample_inputs(request.sample)
    gc.collect()
    reset = reset_peak(_PROC)
    before, before_peak = resident_bytes(_PROC)
    runtime = open_target(request.target)
    most, _ = resident_bytes(_PROC)
    for _ in range(request.inferences):
        runtime.run(inputs)
        most = max(most, resident_bytes(_PROC)[0])
    peak = resident_bytes(_PROC)[1]
    # A peak from before loading, where it could not be reset, says nothing of the model.
    own = peak if reset or peak > before_peak else most
    return MemoryPeak(peak_rss_bytes=max(peak, before_peak), model_rss_bytes=max(0, own - before))


def reset_peak(proc: Path) -> bool:
    """Set the peak back to the present size; False where the system does not allow it."""
    try:
        (proc / "clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def resident_bytes(proc: Path) -> tuple[int, int]:
    """Return resident bytes now and at their peak; the same number twice on macOS."""
    if sys.platform == "darwin":
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak, peak
    found = {"VmRSS": 0, "VmHWM": 0}
    for line in (proc / "status").read_text(encoding="ascii", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name in found:
            found[name] = int(value.split()[0]) * 1024
    return found["VmRSS"], found["VmHWM"]
