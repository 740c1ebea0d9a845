"""A model with data, a cache and a folder for results: whole runs in a few seconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator


@pytest.fixture
def data(tiny: onnx.ModelProto, tmp_path: Path) -> str:
    """Write labelled samples that the tiny model classifies without a fault."""
    rng = np.random.default_rng(0)
    evaluator = ReferenceEvaluator(tiny)
    arrays = {}
    for split, count in (("train", 40), ("test", 30)):
        samples = rng.standard_normal((count, 3, 8, 8)).astype(np.float32)
        arrays[f"{split}_x"] = samples
        arrays[f"{split}_y"] = evaluator.run(None, {"x": samples})[0].argmax(1)
    np.savez(tmp_path / "data.npz", **arrays)
    return f"npz:{tmp_path / 'data.npz'}"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the cache of a test to itself."""
    monkeypatch.setenv("BOILDOWN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"
