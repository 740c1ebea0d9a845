"""A metric of a plugin on a network with two outputs that is no classifier, on every backend."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import boildown
import numpy as np
import onnx
import pytest
from boildown import OnnxRuntime

if TYPE_CHECKING:
    from boildown.report.results import Results

METRICS = """
import numpy as np
from boildown import Scoring


def absolute_error(outputs, truth):
    errors = [np.abs(out - true) for out, true in zip(outputs, truth, strict=True)]
    return np.mean([error.reshape(len(error), -1).mean(1) for error in errors], axis=0)


def broken(outputs, truth):
    return outputs[7]


mae = Scoring("mae", "regression", absolute_error, higher_is_better=False)
twin = Scoring("mae", "regression", broken)
seventh = Scoring("seventh", "regression", broken)
"""
_RECIPE = """
recipe: 1
name: int8
steps: [quantize: {weights: int8, activations: int8}]
"""
OFF = 1.0
BACKENDS = ("coreml", "nni", "onnxruntime", "tflite", "torch")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install a distribution of metrics, one of them broken, one absent, one of a taken name."""
    (tmp_path / "errors_of_mine.py").write_text(METRICS)
    folder = tmp_path / "errors_of_mine-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: errors-of-mine\nVersion: 1.0\n")
    names = {"a": "mae", "b": "twin", "c": "seventh", "d": "absent", "e": "absolute_error"}
    lines = [f"{name} = errors_of_mine:{what}" for name, what in names.items()]
    (folder / "entry_points.txt").write_text("\n".join(["[boildown.metrics]", *lines]))
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


@pytest.fixture
def model(tmp_path: Path, two_outputs: onnx.ModelProto) -> Path:
    """Write the network with its task, and data whose truth it misses by one."""
    onnx.save(two_outputs, tmp_path / "two.onnx")
    (tmp_path / "two.yaml").write_text("task: regression\ndata: npz:two.npz\n")
    x = np.random.default_rng(0).normal(size=(80, 3, 8, 8)).astype(np.float32)
    depth, angle = OnnxRuntime(tmp_path / "two.onnx").run({"x": x}).values()
    truth = {"test_y.angle": angle + OFF, "test_y.depth": depth - OFF}
    np.savez(tmp_path / "two.npz", test_x=x, **truth)  # type: ignore[arg-type]
    return tmp_path / "two.onnx"


def _compared(model: Path, backends: tuple[str, ...], **more: object) -> Results:
    recipe = model.parent / "int8.yaml"
    recipe.write_text(_RECIPE)
    return boildown.compare(
        recipe,
        models=str(model),
        backends=backends,
        data=f"npz:{model.parent / 'two.npz'}",
        out=model.parent / "out",
        cache=model.parent / "cache",
        timing_seconds=0.02,
        **more,  # type: ignore[arg-type]
    )


def test_every_backend_is_judged_by_both_outputs(model: Path, installed: Path) -> None:
    results = _compared(model, BACKENDS)
    assert {row.backend: row.status for row in results.rows} == dict.fromkeys(BACKENDS, "ok")
    for row in results.rows:
        assert row.quality is not None
        mae = row.quality.metrics[0]
        assert (mae.name, mae.higher_is_better) == ("mae", False)
        assert mae.value == pytest.approx(OFF, abs=0.05)
        assert mae.difference is not None
        assert 0 < abs(mae.difference) < 0.05
        assert row.quality.agreement is None
        assert row.quality.sqnr_db is not None
        assert row.quality.sqnr_db > 20
        assert row.parity is None or row.parity.top1_agreement is None


def test_a_metric_that_fails_is_null_and_says_why(model: Path, installed: Path) -> None:
    (row,) = _compared(model, ("onnxruntime",)).rows
    assert row.quality is not None
    failed = row.quality.metrics[1]
    assert failed.value is None
    assert failed.reason == "the metric failed (IndexError: tuple index out of range)"


def test_metrics_that_cannot_be_used_are_named(model: Path, installed: Path) -> None:
    (row,) = _compared(model, ("onnxruntime",)).rows
    assert row.quality is not None
    reason = row.quality.reason
    assert "metric b (errors_of_mine:twin) is left out: regression has a metric 'mae' al" in reason
    assert "errors-of-mine 1.0 (errors_of_mine:absent) does not load" in reason
    assert "metric e (errors_of_mine:absolute_error) is no boildown.Scoring" in reason


def test_without_the_plugin_nothing_judges_the_task(model: Path) -> None:
    (row,) = _compared(model, ("onnxruntime",)).rows
    assert row.quality is not None
    assert row.quality.metrics == ()
    assert "no metric for the task 'regression' is installed" in row.quality.reason
