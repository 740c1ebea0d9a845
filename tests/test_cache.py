"""Finished work is found again, and only where nothing that decides it has changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import boildown
import numpy as np
import pytest
from boildown import Quantize, Recipe

STATIC = Recipe(name="static", steps=(Quantize(weights="int8", activations="int8"),))
HALF = Recipe(name="half", steps=(Quantize(weights="float16"),))

Run = Callable[..., list[str]]


@pytest.fixture
def arrays(data: str, tmp_path: Path) -> Path:
    """Give the tiny model's data a calibration split of its own."""
    path = tmp_path / "data.npz"
    rng = np.random.default_rng(1)
    with np.load(path) as found:
        kept = dict(found)
    kept["calibration_x"] = rng.standard_normal((20, 3, 8, 8)).astype(np.float32)
    np.savez(path, **kept)
    return path


def change(path: Path, name: str) -> None:
    with np.load(path) as found:
        kept = dict(found)
    kept[name][3, 0, 0, 0] += 1
    np.savez(path, **kept)


@pytest.fixture
def run(arrays: Path, model_path: Path, tmp_path: Path, started: list[str]) -> Run:
    """Return a function that compresses and tells which jobs were started for it."""

    def compress(recipe: Recipe = STATIC, backend: str = "onnxruntime") -> list[str]:
        started.clear()
        (row,) = boildown.run(
            recipe,
            backend=backend,
            model=str(model_path),
            data=f"npz:{arrays}",
            measure=False,
            out=tmp_path / "out",
            cache=tmp_path / "cache",
        ).rows
        assert (row.status, row.reason) == ("ok", "")
        return [kind for kind in started if kind == "compress"]

    return compress


def test_unchanged_work_is_done_once(run: Run, started: list[str]) -> None:
    assert run() == ["compress"]
    assert run() == []
    assert started == []


def test_a_changed_calibration_image_is_not_overlooked(run: Run, arrays: Path) -> None:
    run()
    change(arrays, "calibration_x")
    assert run() == ["compress"]


def test_a_changed_test_image_does_not_compress_anew(run: Run, arrays: Path) -> None:
    run()
    change(arrays, "test_x")
    assert run() == []


def test_another_seed_is_other_work(run: Run) -> None:
    run()
    assert run(STATIC.model_copy(update={"seed": 1})) == ["compress"]


def test_another_setting_is_other_work(run: Run) -> None:
    run()
    other = Quantize(weights="int8", activations="int8", observer="entropy")
    assert run(STATIC.model_copy(update={"steps": (other,)})) == ["compress"]


def test_the_default_written_out_is_the_same_work(run: Run) -> None:
    run()
    same = Quantize(weights="int8", activations="int8", symmetric=None, train=None)
    assert run(Recipe(name="static", steps=(same,), seed=0)) == []


def test_one_more_byte_in_the_source_of_a_plugin_is_other_work(
    run: Run, rounding: str, tmp_path: Path
) -> None:
    assert run(HALF, rounding) == ["compress"]
    assert run(HALF, rounding) == []
    with (tmp_path / "site" / "boildown_rounding" / "hooks.py").open("ab") as source:
        source.write(b"\n")
    assert run(HALF, rounding) == ["compress"]


def test_another_version_of_a_package_behind_a_plugin_is_other_work(
    run: Run, rounding: str, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    with (site / "boildown_rounding-1.0.dist-info" / "METADATA").open("a") as metadata:
        metadata.write("Requires-Dist: ballast>=1\n")
    (site / "ballast-1.0.dist-info").mkdir()
    package = site / "ballast-1.0.dist-info" / "METADATA"
    package.write_text("Metadata-Version: 2.1\nName: ballast\nVersion: 1.0\n")
    run(HALF, rounding)
    assert run(HALF, rounding) == []
    package.write_text("Metadata-Version: 2.1\nName: ballast\nVersion: 1.1\n")
    assert run(HALF, rounding) == ["compress"]
