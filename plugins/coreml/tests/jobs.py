"""Jobs of this backend; what ships is read back through its ONNX form."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from boildown.testing import jobs
from boildown.testing.jobs import normalised, samples, weights

if TYPE_CHECKING:
    from boildown import LayerState
    from boildown.job.protocol import JobResult

__all__ = ["form", "normalised", "run", "samples", "states", "weights"]
run = partial(jobs.run, "coreml")


def states(result: JobResult) -> dict[str, LayerState]:
    """Return the layers as they were decoded from the saved file."""
    assert result.status == "ok", result.reason
    assert result.layers is not None, result.layers_reason
    return {state.layer: state for state in result.layers}


def form(result: JobResult) -> Path:
    """Return the ONNX form of what ships."""
    assert result.onnx is not None, result.onnx_reason or result.reason
    return result.onnx.path
