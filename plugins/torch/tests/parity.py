"""Compare an imported graph with ONNX Runtime: the same inputs, two batch sizes."""

from __future__ import annotations

import numpy as np
import onnx
import torch
from boildown.testing.nodes import by_onnx_runtime, graph_of, normalized
from boildown_torch.importer import import_onnx

__all__ = ["RELATIVE", "by_onnx_runtime", "graph_of", "normalized"]
RELATIVE = 1e-4


def by_torch(model: onnx.ModelProto, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """Import the model and run it in PyTorch."""
    module = import_onnx(model).eval()
    with torch.no_grad():
        found = module(*(torch.from_numpy(array) for array in inputs))
    return [x.numpy() for x in (found if isinstance(found, tuple) else (found,))]


def difference(model: onnx.ModelProto, inputs: list[np.ndarray]) -> float:
    """Return the largest difference of any output, relative to its largest number."""
    worst = 0.0
    for ours, theirs in zip(by_torch(model, inputs), by_onnx_runtime(model, inputs), strict=True):
        assert ours.shape == theirs.shape
        assert ours.dtype == theirs.dtype
        scale = max(float(np.abs(theirs.astype(np.float64)).max(initial=0)), 1e-6)
        gap = np.abs(ours.astype(np.float64) - theirs.astype(np.float64))
        worst = max(worst, float(gap.max(initial=0)) / scale)
    return worst
