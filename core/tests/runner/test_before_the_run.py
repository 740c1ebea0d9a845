"""What a run would stumble over at its end is told before it begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from boildown import DataError, Quantize, Recipe
from boildown.api import compare
from boildown.errors import UsageError

pytestmark = pytest.mark.usefixtures("rounding", "cache")
HALVES = (Quantize(weights="float16"),)


@pytest.fixture
def asked(model_path: Path, tmp_path: Path) -> dict[str, Any]:
    return {"models": str(model_path), "backends": "rounding", "out": tmp_path / "out"}


def test_what_is_expected_and_cannot_be_checked_stops_the_run(asked: dict[str, Any]) -> None:
    recipe = Recipe.model_validate({"name": "r", "steps": HALVES, "expect": {"top1": 0.9}})
    with pytest.raises(DataError, match=r"expect\.top1 is 0\.9 but there is no top-1 to check"):
        compare(recipe, **asked)


@pytest.mark.parametrize("part", ["rows", "twins", "models"])
def test_a_part_of_the_folder_that_cannot_be_written_is_told_before_the_run(
    asked: dict[str, Any], part: str
) -> None:
    asked["out"].mkdir()
    (asked["out"] / part).touch()
    with pytest.raises(UsageError, match=f"--out .*{part} is a file"):
        compare(Recipe(name="r", steps=HALVES), **asked)


def test_a_wrong_limit_of_the_cache_is_told_before_the_run(
    asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOILDOWN_CACHE_LIMIT", "lots")
    with pytest.raises(UsageError, match="lots"):
        compare(Recipe(name="r", steps=HALVES), **asked)
    assert not asked["out"].exists()
