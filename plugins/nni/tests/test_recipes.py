"""Recipes that come with boildown run unchanged, or are gaps with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from boildown import UnsupportedError
from boildown.recipe.catalogue import ready_recipes
from boildown.testing.graphs import GRAPHS

from .jobs import normalised, run, shipped

GAPS = {
    "binarize": "only with 'train'",
    "deep-compression": "no weight sharing",
    "float16": "integers only",
    "int8-dynamic": "at run time",
    "palettize-4bit": "no weight sharing",
}
RUN = sorted(ready_recipes().keys() - GAPS)


@pytest.mark.parametrize("name", RUN)
def test_a_ready_recipe_runs_and_makes_a_smaller_file(name: str, tmp_path: Path) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    result = run(source, *ready_recipes()[name].steps)
    assert result.status == "ok", result.reason
    assert shipped(result).stat().st_size < source.stat().st_size


@pytest.mark.parametrize(("name", "told"), GAPS.items())
def test_another_is_a_gap_with_the_reason(name: str, told: str, tmp_path: Path) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    with pytest.raises(UnsupportedError, match=told):
        run(source, *ready_recipes()[name].steps)
