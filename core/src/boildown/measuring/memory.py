"""Peak resident memory of loading and running one model in this process, which did nothing else.

On Linux the peak is set back to the present size before loading.
"""

from __future__ import annotations

import gc

from ..job.resident import OWN, reset_peak, resident_bytes
from .requests import MemoryPeak, MemoryRequest
from .runtimes import import_runtime, open_target, sample_inputs


def run_memory(request: MemoryRequest) -> MemoryPeak:
    """Load the model, run a few inferences, and return the peaks."""
    import_runtime(request.target)
    inputs = sample_inputs(request.sample)
    gc.collect()
    reset = reset_peak(OWN)
    before, before_peak = resident_bytes()
    runtime = open_target(request.target)
    most, _ = resident_bytes()
    for _ in range(request.inferences):
        runtime.run(inputs)
        most = max(most, resident_bytes()[0])
    peak = resident_bytes()[1]
    # A peak from before loading, where it could not be reset, says nothing of the model.
    own = peak if reset or peak > before_peak else most
    return MemoryPeak(peak_rss_bytes=max(peak, before_peak), model_rss_bytes=max(0, own - before))
