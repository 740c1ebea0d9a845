"""The source of a stored run, measured again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from boildown import Recipe, compare
from boildown.api import measure, run
from boildown.report.method import network


@pytest.mark.usefixtures("rounding", "cache")
def test_a_source_that_the_run_has_not_measured_is_no_longer_called_so(
    model_path: Path, data: str, tmp_path: Path
) -> None:
    recipe = Recipe.model_validate(
        {"name": "half", "steps": [{"op": "quantize", "weights": "float16"}]}
    )
    given: dict[str, Any] = {"data": data, "timing_seconds": 0.05}
    bare: dict[str, Any] = {"model": str(model_path), "backend": "rounding", "measure": False}
    run(recipe, out=tmp_path / "bare", **bare)
    (found,) = measure(tmp_path / "bare", out=tmp_path / "again", **given).comparison.models
    whole: dict[str, Any] = {
        "models": str(model_path),
        "backends": "rounding",
        "out": tmp_path / "whole",
    }
    (wanted,) = compare(recipe, **whole, **given).comparison.models
    assert (found.baseline.reason, found.reason) == ("", "")
    assert found.baseline.size == wanted.baseline.size
    assert network(found) == network(wanted) != "not measured"
