"""A whole comparison off macOS: accuracy of what ships, and nothing that only a Mac could tell."""

from __future__ import annotations

import sys
from pathlib import Path

import boildown
import numpy as np
import onnx
import pytest
from boildown import Recipe
from boildown.comparison.schema import Row
from boildown.testing.graphs import GRAPHS
from onnx import ModelProto

pytestmark = pytest.mark.skipif(sys.platform == "darwin", reason="a Mac runs the file itself")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Hold a model and data for it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    model: ModelProto = GRAPHS["residual"]()
    onnx.save(model, tmp_path / "m.onnx")
    random = np.random.default_rng(0)
    images = random.normal(size=(24, 3, 12, 12)).astype(np.float32)
    np.savez(tmp_path / "d.npz", test_x=images, test_y=np.arange(24) % 4)
    return tmp_path


def compared(folder: Path, data: str | None) -> Row:
    steps = [{"op": "quantize", "weights": "int8"}]
    results = boildown.compare(
        [Recipe.model_validate({"name": "int8", "steps": steps})],
        models=str(folder / "m.onnx"),
        backends="coreml",
        data=data,
        out=folder / "out",
        timing_seconds=0.1,
    )
    (row,) = results.rows
    assert row.status == "ok", row.reason
    return row


def test_quality_is_that_of_the_saved_file_and_speed_is_null_with_the_reason(folder: Path) -> None:
    row = compared(folder, f"npz:{folder / 'd.npz'}")
    assert row.quality is not None
    assert row.quality.measured_on == "translated program, ONNX Runtime"
    assert row.quality.metrics
    assert row.speed is not None
    assert row.memory is not None
    assert row.float_twin is not None
    for part in (row.speed, row.memory, row.float_twin.speed):
        assert part is not None
        assert "requires macOS" in part.reason
    assert row.speed.latency_ms is None
    assert row.speed.device_verified is False
    assert row.memory.peak_rss_bytes is None
    assert "NOT_DEVICE_VERIFIED" in [warning.code for warning in row.warnings]


def test_without_data_the_reason_is_the_computer_and_not_the_data(folder: Path) -> None:
    row = compared(folder, None)
    assert row.speed is not None
    assert "requires macOS" in row.speed.reason
    (text,) = [w.text for w in row.warnings if w.code == "NOT_DEVICE_VERIFIED"]
    assert "requires macOS" in text
    assert text.endswith("quality is not measured")
