"""What a runtime is told of the recipe, and what a row is held against."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from boildown.artifact import Artifact
from boildown.measuring.requests import Failure, Outputs
from boildown.plugins.registry import Registry
from boildown.runner.endpoints import endpoint
from boildown.runner.measures import Measures, _identity
from boildown.runner.work import _quality


def test_a_runtime_hears_what_the_recipe_says_of_the_file(rounding: str, tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(b"a model")
    subject: Any = SimpleNamespace(model=Artifact(path=path))
    measures = Measures(cast("Any", None), subject, 1, cast("Any", None), cast("Any", None))
    place, file = endpoint(rounding, Registry(), {}), Artifact(path=path)
    plain, told = (
        measures.target("compressed", file, place, (), said) for said in (None, {"units": "cpu"})
    )
    assert told.context is not None
    assert told.context.settings == {"units": "cpu"}
    assert _identity(plain) != _identity(told)


def test_a_row_beside_a_float_model_out_of_time_is_not_called_the_float_model(
    tmp_path: Path,
) -> None:
    np.save(tmp_path / "output0.npy", np.eye(4, dtype=np.float32))
    outputs = Outputs(folder=tmp_path, names=("y",), n=4, labelled=False, non_finite=0, batch=1)
    late = Failure(status="timeout", reason="it took more than 1 s")
    subject = SimpleNamespace(entry=SimpleNamespace(task="classification"))
    measured: Any = SimpleNamespace(subject=subject, outputs=late)
    reason = _quality(outputs, measured, "ONNX Runtime").reason
    assert "the float model could not be run: it took more than 1 s" in reason
    assert "float model itself" not in reason
