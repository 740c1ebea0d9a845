"""Run what a job ships, natively and as ONNX."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from boildown import Artifact, Context
from boildown.job.protocol import JobResult
from boildown.plugins.registry import Registry

from .jobs import samples, session


def native(result: JobResult, source: Path, count: int = 37, threads: int = 1) -> np.ndarray:
    """Return the first output of the deployable in its own runtime."""
    assert result.deployable is not None, result.reason
    context = Context(workdir=source.parent, original=Artifact(path=source), threads=threads)
    runtime = Registry().get("torch").open_runtime(result.deployable, context)
    return next(iter(runtime.run(samples(source, count)).values()))


def by_onnx(result: JobResult, source: Path, count: int = 37) -> np.ndarray:
    """Return the first output of the ONNX form."""
    assert result.onnx is not None, result.onnx_reason
    return np.asarray(session(result.onnx.path).run(None, samples(source, count))[0])


def agreement(one: np.ndarray, other: np.ndarray) -> float:
    """Return the share of samples that get the same class."""
    return float((one.argmax(1) == other.argmax(1)).mean())
