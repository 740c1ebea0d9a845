"""Jobs of this backend, and what ONNX Runtime makes of their files."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path

import onnx
import onnxruntime
from boildown.testing import jobs
from boildown.testing.jobs import decibels, loss, normalised, outputs, samples, shipped, weights

__all__ = [
    "decibels",
    "kernels",
    "loss",
    "normalised",
    "outputs",
    "run",
    "samples",
    "session",
    "shipped",
    "weights",
]
run = partial(jobs.run, "nni")


def session(path: Path, optimized: Path | None = None) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    if optimized:
        options.optimized_model_filepath = str(optimized)
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def kernels(path: Path) -> Counter[str]:
    """Count the operators that ONNX Runtime really runs."""
    optimized = path.with_suffix(".optimized.onnx")
    session(path, optimized)
    return Counter(node.op_type for node in onnx.load(optimized).graph.node)
