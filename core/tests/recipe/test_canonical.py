"""The spelling of a chain that cache keys are made of."""

from __future__ import annotations

import json

import pytest
from boildown import Cluster, Prune, Quantize, Train
from boildown.recipe.canonical import canonical
from boildown.recipe.read import recipe_from_text
from boildown.recipe.steps import Step


def test_defaults_are_filled_in() -> None:
    assert canonical([Quantize()], "x") == canonical(
        [Quantize(weights="int8", activations="float32", symmetric=None)], "x"
    )
    assert json.loads(canonical([Quantize()], "x"))[0]["weights"] == "int8"


def test_two_spellings_of_one_recipe_are_one_text() -> None:
    head = "recipe: 1\nname: a\n"
    first = recipe_from_text(f"{head}steps: [prune: {{sparsity: 0.50, structure: element}}]", "a")
    second = recipe_from_text(
        f"{head}description: x\nlimits: {{bytes: 3}}\nallow: [failed]\n"
        "steps:\n- prune:\n    scope: local\n    sparsity: 5e-1\n",
        "b",
    )
    assert canonical(first.steps, "x") == canonical(second.steps, "x")


@pytest.mark.parametrize(
    "other",
    [
        Prune(sparsity=0.6),
        Prune(sparsity=0.5, scope="global"),
        Prune(sparsity=0.5, train=Train()),
        Prune.model_validate({"sparsity": 0.5, "layers": {"include": ["a"]}}),
        Prune.model_validate({"sparsity": 0.5, "with": {"x": {"a": 1}}}),
    ],
)
def test_every_setting_counts(other: Step) -> None:
    assert canonical([Prune(sparsity=0.5)], "x") != canonical([other], "x")


def test_settings_of_other_backends_do_not_count() -> None:
    step = Quantize.model_validate({"with": {"y": {"a": 1}}})
    assert canonical([step], "x") == canonical([Quantize()], "x")
    assert canonical([step], "y") != canonical([Quantize()], "y")


def test_the_order_of_steps_counts_and_that_of_keys_does_not() -> None:
    steps: list[Step] = [Prune(sparsity=0.5), Cluster(bits=4)]
    assert canonical(steps, "x") != canonical(steps[::-1], "x")
    one = Quantize.model_validate({"with": {"x": {"a": 1, "b": 2}}})
    two = Quantize.model_validate({"with": {"x": {"b": 2, "a": 1}}})
    assert canonical([one], "x") == canonical([two], "x")
