"""The runtime of macOS, in front of a stand-in for coremltools' `predict` alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import Artifact, Distill, Runtime, Train, UnsupportedError
from boildown.testing.graphs import GRAPHS
from boildown_coreml import hooks
from boildown_coreml.deploy import deploy
from boildown_coreml.toolkit import ct
from boildown_coreml.translator import translate
from programs import run
from sources import context_of, difference, normalised, samples


@pytest.fixture
def mac(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Make Core ML look as if it were here; returns what every model was opened with and fed."""
    seen: list[dict[str, Any]] = []
    plain = ct.models.MLModel

    class Predicting:
        def __new__(cls, path: str, **settings: Any) -> Any:
            return plain(path, **settings) if "skip_model_load" in settings else object.__new__(cls)

        def __init__(self, path: str, compute_units: Any) -> None:
            self._program = translate(Path(path))
            self._spec = plain(path, skip_model_load=True)
            seen.append({"units": compute_units})

        def get_spec(self) -> Any:
            return self._spec.get_spec()

        def predict(self, fed: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
            seen.append(fed)
            names = [port.name for port in self._program.graph.input]
            found = run(self._program, *(fed[name] for name in names))
            return dict(zip([port.name for port in self._program.graph.output], found, strict=True))

    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(ct.models, "MLModel", Predicting)
    return seen


def shipped(name: str, folder: Path, **settings: Any) -> tuple[Path, Artifact, Any]:
    source = normalised(GRAPHS[name](), folder)
    context = context_of(source, **settings)
    return source, deploy(Artifact(path=source), context), context


def test_elsewhere_a_model_cannot_run(tmp_path: Path) -> None:
    _source, deployable, context = shipped("fixed_batch", tmp_path)
    with pytest.raises(UnsupportedError, match="requires macOS"):
        hooks.open_runtime(deployable, context)


@pytest.mark.parametrize("name", ["residual", "two_inputs"])
def test_any_number_of_samples_goes_through_a_batch_of_one(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    source, deployable, context = shipped(name, tmp_path)
    seen = request.getfixturevalue("mac")
    opened: Runtime = hooks.open_runtime(deployable, context)
    model, arrays = onnx.load(source), samples(source)
    names = [port.name for port in model.graph.input]
    found = opened.run(dict(zip(names, arrays, strict=True)))
    wanted = run(model, *arrays)
    for port, values in zip(model.graph.output, wanted, strict=True):
        assert difference(found[port.name], values) < 1e-5
    assert len(seen) == 1 + 3


def test_the_recipe_chooses_the_compute_units(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    _source, deployable, context = shipped("fixed_batch", tmp_path, compute_units="cpu_and_ne")
    seen = request.getfixturevalue("mac")
    hooks.open_runtime(deployable, context)
    assert seen[0]["units"] == ct.ComputeUnit.CPU_AND_NE


def test_the_runtime_takes_the_ports_of_the_source_also_behind_a_named_student(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """When a file is measured the student itself is not at hand."""
    source, deployable, context = shipped("residual", tmp_path)
    request.getfixturevalue("mac")
    step = Distill(student="file:student", alpha=1.0, train=Train(epochs=1))
    behind = context.model_copy(update={"steps": (step,), "index": 1})
    opened: Runtime = hooks.open_runtime(deployable, behind)
    (fed,) = samples(source)
    found = opened.run({onnx.load(source).graph.input[0].name: fed})
    assert list(found) == [port.name for port in onnx.load(source).graph.output]
