"""Recipes made in Python: the same rules hold without a file."""

from __future__ import annotations

from typing import Any

import pytest
from boildown import Distill, Prune, Quantize, Recipe
from boildown.errors import RecipeError
from boildown.model.layers import Layer
from boildown.model.selection import select_layers
from boildown.recipe.steps import Layers
from pydantic import ValidationError

INFINITE = float("inf")


@pytest.mark.parametrize("pattern", ["*", "features.*", "conv[0-9]", "type:Conv", "type:Conv*"])
def test_globs_on_names_and_operators_are_patterns(pattern: str) -> None:
    assert Layers(include=(pattern,)).include == (pattern,)


@pytest.mark.parametrize(
    "pattern", ["size<9", "size <= 8", "size>7", "size >=8", "size=8", "size==8"]
)
def test_a_comparison_of_sizes_is_a_pattern_and_selects_by_size(pattern: str) -> None:
    layer = Layer(name="a", node="a", op="Conv", weight="w", shape=(4, 2), axis=0)
    chosen = Layers(include=(pattern,)).include
    assert select_layers([layer], chosen) == [layer]
    with pytest.raises(RecipeError, match=r"they hold 9 to 9 weights|leave none"):
        select_layers([layer.model_copy(update={"shape": (9,)})], chosen, exclude=["size>8"])


WRONG_SIZES = ("size<", "size<x", "size=<8", "size!=8", "size < -1", "size<1e3")


@pytest.mark.parametrize(
    "pattern", ["", "  ", *WRONG_SIZES, "type:", "type:a b", "type=Conv", "op:Conv", "name:conv"]
)
def test_what_is_neither_is_refused(pattern: str) -> None:
    with pytest.raises(ValidationError, match=r"write|use '\*'"):
        Layers(exclude=(pattern,))


@pytest.mark.parametrize("limits", [{"bytse": 1}, {"bytes": INFINITE}, {"top1": float("nan")}])
def test_limits_are_finite_bounds_on_known_figures(limits: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=r"did you mean 'bytes'|finite"):
        Recipe(name="a", steps=(Quantize(),), limits=limits)


@pytest.mark.parametrize(
    ("step", "settings"),
    [
        (Prune, {"threshold": INFINITE, "criterion": "threshold"}),
        (Distill, {"width": 0.5, "temperature": INFINITE}),
        (Distill, {"width": 0.5, "alpha": float("nan")}),
    ],
)
def test_settings_are_finite(step: type[Prune | Distill], settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        step(**settings)
