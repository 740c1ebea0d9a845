"""What a run says of the samples that its rows were tested on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boildown import Recipe, compare
from boildown.api import measure
from boildown.report.view import groups

pytestmark = pytest.mark.usefixtures("rounding", "cache")


def recipe(name: str, **more: Any) -> Recipe:
    step = {"op": "quantize", "weights": "float16"}
    return Recipe.model_validate({"name": name, "steps": [step], **more})


@pytest.fixture
def fewer(data: str, tmp_path: Path) -> str:
    """Return data with some of the same test samples."""
    arrays = dict(np.load(data.removeprefix("npz:")))
    few = {name: array[:20] if "test" in name else array for name, array in arrays.items()}
    np.savez(tmp_path / "fewer.npz", **few)
    return f"npz:{tmp_path / 'fewer.npz'}"


@pytest.fixture
def asked(model_path: Path, tmp_path: Path) -> dict[str, Any]:
    return {
        "models": str(model_path),
        "backends": "rounding",
        "out": tmp_path / "out",
        "timing_seconds": 0.05,
    }


def test_recipes_with_data_of_their_own_stand_beside_their_own_baselines(
    asked: dict[str, Any], data: str, fewer: str
) -> None:
    found = compare([recipe("a", data=data), recipe("b", data=fewer)], **asked).comparison
    assert [data.test_sha256 for data in found.data] == [r.test_sha256 for r in found.results]
    for group, n in zip(groups(found), (30, 20), strict=True):
        assert group.model is not None
        (view,) = group.views
        for quality in (view.row.quality, group.model.baseline.quality):
            assert quality is not None
            assert quality.metrics[0].n == n


def test_a_row_that_cannot_be_judged_anew_keeps_its_baseline(
    asked: dict[str, Any],
    data: str,
    fewer: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = compare([recipe("a"), recipe("b")], data=data, **asked).comparison.results[0]
    own = "boildown.runner.row_again.RowAgain._judged"
    monkeypatch.setattr(
        own, lambda again, *_: (None if again.row.recipe == "a" else before.quality, None)
    )
    again = measure(asked["out"], out=tmp_path / "again", data=fewer, timing_seconds=0.05)
    kept, judged = again.rows
    assert kept.test_sha256 == before.test_sha256 != judged.test_sha256
    for group in groups(again.comparison):
        (view,) = group.views
        assert group.model is not None
        assert group.model.baseline.quality is not None
        n = group.model.baseline.quality.metrics[0].n
        assert n == {"a": 30, "b": 20}[view.row.recipe]
