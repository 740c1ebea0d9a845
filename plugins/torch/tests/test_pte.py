"""A `.pte` file runs natively, and its ONNX form is the same network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boildown import Artifact, Context, Quantize, Train, UnsupportedError
from boildown.job.protocol import JobResult
from boildown.testing.graphs import GRAPHS

from boildown.plugins.registry import Registry

from .jobs import normalised, run, samples, session

PTE = {"format": "pte"}
STATIC = Quantize(activations="int8")


def native(result: JobResult, source: Path, count: int = 37, threads: int = 1) -> np.ndarray:
    assert result.deployable is not None, result.reason
    context = Context(
        workdir=source.parent, original=Artifact(path=source), threads=threads
    )
    runtime = Registry().get("torch").open_runtime(result.deployable, context)
    return next(iter(runtime.run(samples(source, count)).values()))


def by_onnx(path: Path, source: Path) -> np.ndarray:
    return np.asarray(session(path).run(None, samples(source))[0])


@pytest.mark.parametrize("network", ["residual", "depthwise"])
def test_static_int8(network: str, tmp_path: Path) -> None:
    source = normalised(GRAPHS[network](), tmp_path)
    twin = run(source, settings=PTE)
    result = run(source, STATIC, settings=PTE)
    ref = by_onnx(source, source)
    print(np.abs(native(twin, source) - ref).max(), ref.std())
    a, b = native(result, source), by_onnx(result.onnx.path, source)
    print(np.abs(a - b).max(), np.abs(a - ref).max(), (a.argmax(1) == b.argmax(1)).mean())
    print(twin.deployable.bytes, result.deployable.bytes, source.stat().st_size)
    print(result.layers_reason, result.onnx_reason)
    assert 0
