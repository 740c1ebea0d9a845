"""The ready recipes."""

from __future__ import annotations

from importlib.resources import files

import pytest
from boildown import Recipe
from boildown.recipe.catalogue import ready_names, ready_recipes

NAMES = {
    *("int8-static", "int8-dynamic", "float16", "int8-weights", "int4-weights", "palettize-4bit"),
    *("binarize", "prune-50-element", "prune-50-channel", "deep-compression", "distill-half"),
}
ALL = ready_recipes()


def test_all_ready_recipes_are_there_under_their_own_names() -> None:
    assert set(ready_names()) == set(ALL) == NAMES
    assert all(recipe.name == name for name, recipe in ALL.items())


@pytest.mark.parametrize("recipe", ALL.values(), ids=ALL)
def test_a_ready_recipe_names_neither_backends_nor_model_nor_data(recipe: Recipe) -> None:
    assert (recipe.backends, recipe.model, recipe.data) == ((), None, None)
    assert not [step for step in recipe.steps if step.with_]


@pytest.mark.parametrize("recipe", ALL.values(), ids=ALL)
def test_a_ready_recipe_says_what_it_does_in_one_sentence(recipe: Recipe) -> None:
    text = recipe.description
    assert text.endswith(".")
    assert ". " not in text
    assert "\n" not in text


@pytest.mark.parametrize("recipe", ALL.values(), ids=ALL)
def test_a_recipe_that_trains_says_so_and_no_other_does(recipe: Recipe) -> None:
    trains = any(step.train is not None for step in recipe.steps)
    assert ("trains" in recipe.description.lower()) == trains


def test_those_that_train_are_these() -> None:
    training = {name for name, r in ALL.items() if any(step.train for step in r.steps)}
    assert training == {"prune-50-channel", "deep-compression", "distill-half"}


def test_deep_compression_prunes_then_clusters_then_quantizes() -> None:
    prune, cluster, quantize = (step.demands() for step in ALL["deep-compression"].steps)
    assert prune == {"sparsity": 0.85, "train": {}}
    assert (cluster["bits"], cluster["keep_sparsity"]) == (4, True)
    assert quantize == {"activations": "int8", "granularity": "tensor"}


def test_the_files_are_part_of_the_package() -> None:
    assert (files("boildown.recipe") / "ready" / "int8-static.yaml").is_file()


def test_changing_the_answer_changes_no_later_answer() -> None:
    ready_recipes().clear()
    assert ready_recipes() == ALL
