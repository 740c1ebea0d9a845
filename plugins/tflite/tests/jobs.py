"""Jobs of this backend; what ships is read back through its ONNX form."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from boildown.testing import jobs
from boildown.testing.jobs import normalised, samples, weights
from onnx import ModelProto, numpy_helper

if TYPE_CHECKING:
    from boildown import LayerState
    from boildown.job.protocol import JobResult

__all__ = ["form", "normalised", "run", "samples", "states", "weights", "zeroed"]
run = partial(jobs.run, "tflite")


def states(result: JobResult) -> dict[str, LayerState]:
    """Return the layers as they were decoded from the `.tflite` file."""
    assert result.status == "ok", result.reason
    assert result.layers is not None, result.layers_reason
    return {state.layer: state for state in result.layers}


def form(result: JobResult) -> Path:
    """Return the ONNX form of what ships."""
    assert result.onnx is not None, result.onnx_reason or result.reason
    return result.onnx.path


def zeroed(model: ModelProto) -> ModelProto:
    """Zero the smaller half of the weights, as an earlier step would."""
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.ndim > 1:
            small = np.abs(values) < np.median(np.abs(values))
            tensor.CopyFrom(numpy_helper.from_array(np.where(small, 0, values), tensor.name))
    return model
