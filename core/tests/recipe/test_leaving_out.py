"""Lines by which a recipe leaves more layers alone than it does already."""

from __future__ import annotations

import pytest
from boildown.model.layers import Layer
from boildown.recipe.leaving_out import leaving_out
from boildown.recipe.recipe import Recipe

LAYERS = [
    Layer(name=name, node=name, op="Conv", weight=name, shape=(4, 4), axis=0)
    for name in ("conv1", "conv2", "fc")
]
QUANTIZE, PRUNE = {"op": "quantize"}, {"op": "prune", "sparsity": 0.5}


def told(*steps: dict[str, object], names: tuple[str, ...]) -> str:
    return leaving_out(Recipe.model_validate({"name": "r", "steps": steps}), LAYERS, names)


@pytest.mark.parametrize(
    ("own", "line"),
    [
        ({}, 'layers: {exclude: ["conv1"]}'),
        ({"exclude": ["fc"]}, 'layers: {exclude: ["fc", "conv1"]}'),
        ({"include": ["conv*"]}, 'layers: {include: ["conv*"], exclude: ["conv1"]}'),
        ({"include": ["fc"]}, 'layers: {include: ["fc"], exclude: []}'),
    ],
)
def test_what_a_step_selects_itself_stays(own: dict[str, list[str]], line: str) -> None:
    assert told({**QUANTIZE, "layers": own}, names=("conv1",)) == line


def test_steps_of_one_selection_have_one_line_and_others_one_each() -> None:
    assert told(PRUNE, QUANTIZE, names=("fc",)) == 'layers: {exclude: ["fc"]}'
    some = {**PRUNE, "layers": {"include": ["conv*"]}}
    assert told(some, QUANTIZE, names=("conv1", "fc")).splitlines() == [
        "# step 1, prune",
        'layers: {include: ["conv*"], exclude: ["conv1"]}',
        "# step 2, quantize",
        'layers: {exclude: ["conv1", "fc"]}',
    ]


def test_a_line_that_leaves_no_layer_is_not_given() -> None:
    found = told(QUANTIZE, names=("conv1", "conv2", "fc"))
    assert found == "# step 1, quantize: all its layers are among them, so choose fewer"
