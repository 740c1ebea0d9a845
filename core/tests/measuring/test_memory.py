from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from boildown.measuring import memory as module
from boildown.measuring.bench import Bench
from boildown.measuring.inputs import model_io, write_sample
from boildown.measuring.measure import measure_memory
from boildown.measuring.memory import run_memory
from boildown.measuring.requests import MemoryRequest

Make = Callable[..., Any]
linux = pytest.mark.skipif(sys.platform != "linux", reason="procfs is Linux's")


@linux
def test_the_weights_of_a_model_are_in_its_memory_and_not_in_that_of_a_small_one(
    make_chain: Make, onnx_target: Make, bench: Bench, tmp_path: Path
) -> None:
    found: list[Any] = []
    for length in (32, 2048):
        path = make_chain(f"{length}.onnx", length=length, repeats=1)
        sample = write_sample(tmp_path / f"{length}.npz", model_io(path), None)
        found.append(measure_memory(onnx_target(path), sample=sample, bench=bench))
    small, large = found
    assert large.model_rss_bytes - small.model_rss_bytes > 0.9 * 4 * 2048**2
    assert large.peak_rss_bytes - small.peak_rss_bytes > 0.9 * 4 * 2048**2
    assert small.model_rss_bytes < small.peak_rss_bytes


@linux
def test_importing_the_runtime_is_not_memory_of_the_model(
    make_tower: Make, mimic: Make, onnx_target: Make, bench: Bench, tmp_path: Path
) -> None:
    path = make_tower()
    sample = write_sample(tmp_path / "s.npz", model_io(path), None)
    plugin, core = (
        measure_memory(target(path), sample=sample, bench=bench).model_rss_bytes or 0
        for target in (mimic, onnx_target)
    )
    assert plugin > 0
    assert abs(plugin - core) < 6 * 2**20


def test_a_crash_gives_null_and_the_reason(
    make_tower: Make, mimic: Make, bench: Bench, tmp_path: Path
) -> None:
    path = make_tower()
    sample = write_sample(tmp_path / "s.npz", model_io(path), None)
    found = measure_memory(mimic(path, run="crash", runs=2), sample=sample, bench=bench)
    assert found.peak_rss_bytes is None
    assert "SIGSEGV" in found.reason


@linux
@pytest.mark.parametrize(("after", "own"), [((150, 200), 50), ((150, 260), 160)])
def test_without_reset_an_older_peak_is_not_the_models(  # noqa: PLR0917 - fixtures
    make_tower: Make, onnx_target: Make, tmp_path: Path, monkeypatch: Any, after: Any, own: int
) -> None:
    path = make_tower()
    sample = write_sample(tmp_path / "s.npz", model_io(path), None)
    readings = iter([(100, 200), *[after] * 10])
    monkeypatch.setattr(module, "reset_peak", lambda _proc: False)
    monkeypatch.setattr(module, "resident_bytes", lambda: next(readings))
    found = run_memory(MemoryRequest(target=onnx_target(path), sample=sample))
    assert (found.peak_rss_bytes, found.model_rss_bytes) == (after[1], own)
