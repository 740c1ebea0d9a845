"""A comparison without test data: quality is not known, and everything else is."""

from __future__ import annotations

from pathlib import Path

import boildown
import onnx
import pytest
from boildown.testing.graphs import GRAPHS


def test_a_file_is_timed_where_it_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOILDOWN_CACHE", str(tmp_path / "cache"))
    onnx.save(GRAPHS["plain"](), tmp_path / "m.onnx")
    (row,) = boildown.compare(
        "int8-weights",
        models=str(tmp_path / "m.onnx"),
        backends="onnxruntime",
        out=tmp_path / "out",
        timing_seconds=0.1,
    ).rows
    assert row.speed is not None
    assert row.speed.latency_ms is not None
    assert row.speed.device_verified
    assert row.memory is not None
    assert row.memory.peak_rss_bytes is not None
    assert row.quality is not None
    assert row.quality.reason == "there are no test data"
