"""What a runtime is told of the recipe, and that it counts in the key of a measurement."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from boildown.artifact import Artifact
from boildown.plugins.registry import Registry
from boildown.runner.endpoints import endpoint
from boildown.runner.measures import Measures, _identity


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
