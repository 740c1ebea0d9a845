"""One recipe as many, each for one part of the network."""

from __future__ import annotations

import pytest
from boildown.errors import UsageError
from boildown.model.layers import Layer
from boildown.recipe.one_at_a_time import blocks, one_at_a_time
from boildown.recipe.recipe import Recipe

NAMES = ("features.0", "features.1.squeeze", "features.1.expand", "classifier.1", "/a/b/Conv")


def layer(name: str, weight: str = "") -> Layer:
    return Layer(name=name, node=name, op="Conv", weight=weight or name, shape=(4, 4), axis=0)


LAYERS = [layer(name) for name in NAMES]


def recipe(*steps: dict[str, object], **more: object) -> Recipe:
    return Recipe.model_validate({"name": "r", "steps": steps, **more})


def test_each_layer_is_a_block_or_all_that_begin_alike() -> None:
    assert tuple(blocks(LAYERS)) == NAMES
    by_two = {block: len(members) for block, members in blocks(LAYERS, 2).items()}
    assert by_two == {"features/0": 1, "features/1": 2, "classifier/1": 1, "a/b": 1}
    assert list(blocks(LAYERS, 1)) == ["features", "classifier", "a"]


def test_layers_of_one_weight_stay_together() -> None:
    found = blocks([layer("a", "w"), layer("b"), layer("c", "w")])
    assert {block: [x.name for x in found[block]] for block in found} == {
        "a": ["a", "c"],
        "b": ["b"],
    }


def test_every_recipe_touches_its_block_alone() -> None:
    whole = recipe({"op": "quantize", "weights": "int8"}, limits={"top1": 0.9}, seed=7)
    made = one_at_a_time(whole, LAYERS, blocks(LAYERS, 2))
    assert [r.steps[0].layers.include for r in made.values()][1] == NAMES[1:3]
    assert len({r.name for r in made.values()}) == len(made)
    assert {(r.seed, *r.limits) for r in made.values()} == {(7,)}


def test_a_step_that_leaves_a_block_alone_is_not_in_its_recipe() -> None:
    some = {"include": ["features.*"]}
    whole = recipe(
        {"op": "prune", "sparsity": 0.5, "layers": some},
        {"op": "cluster", "bits": 4, "layers": some},
    )
    made = one_at_a_time(whole, LAYERS, blocks(LAYERS))
    assert list(made) == list(NAMES[:3])
    mixed = recipe({"op": "prune", "sparsity": 0.5, "layers": some}, {"op": "cluster", "bits": 4})
    steps = [[s.op for s in r.steps] for r in one_at_a_time(mixed, LAYERS, blocks(LAYERS)).values()]
    assert steps == [["prune", "cluster"]] * 3 + [["cluster"]] * 2


@pytest.mark.parametrize(
    "step",
    [
        {"op": "prune", "sparsity": 0.5, "structure": "channel"},
        {"op": "distill", "width": 0.5, "train": {"epochs": 1}},
    ],
)
def test_what_changes_shapes_cannot_be_done_to_one_layer(step: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="makes a network of other shapes"):
        one_at_a_time(recipe(step), LAYERS, blocks(LAYERS))


def test_a_network_without_a_layer_to_touch_is_an_error() -> None:
    with pytest.raises(UsageError, match="no layer with a constant weight for 'r'"):
        one_at_a_time(recipe({"op": "quantize", "weights": "int8"}), [], {})
