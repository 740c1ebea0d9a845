"""The JSON schema of a recipe file, as an editor would use it."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from boildown.recipe.catalogue import ready_names
from boildown.recipe.recipe import LIMITS
from boildown.recipe.schema import recipe_schema
from boildown.recipe.steps import STEP_MODELS
from ruamel.yaml import YAML

GOOD: dict[str, Any] = {"recipe": 1, "name": "a", "steps": [{"quantize": {"weights": "int8"}}]}
VALIDATOR = jsonschema.Draft202012Validator(recipe_schema())


def test_it_is_a_schema_of_draft_2020_12() -> None:
    jsonschema.Draft202012Validator.check_schema(recipe_schema())
    assert recipe_schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("name", ready_names())
def test_every_ready_recipe_fits(name: str) -> None:
    text = (files("boildown.recipe") / "ready" / f"{name}.yaml").read_text("utf-8")
    VALIDATOR.validate(YAML(typ="safe", pure=True).load(text))


@pytest.mark.parametrize(
    "step",
    [
        {"quantize": None},
        {"quantize": {"weights": "torch:hqq"}, "with": {"torch": {"a": [1]}}},
        {"prune": {"structure": "2:4", "layers": {"include": ["type:Conv"]}}},
        {"distill": {"width": 0.5, "train": {"epochs": 2, "augment": ["flip"]}}},
    ],
)
def test_a_right_step_fits(step: dict[str, Any]) -> None:
    VALIDATOR.validate({**GOOD, "steps": [step]})


@pytest.mark.parametrize(
    "step",
    [
        {},
        {"quantise": {}},
        {"op": "quantize", "weights": "int8"},
        {"quantize": {"op": "quantize"}},
        {"quantize": {"with": {}}},
        {"quantize": {"weights": "int9"}},
        {"quantize": {}, "prune": {"sparsity": 0.5}},
        {"quantize": {}, "with": {"torch": 1}},
        {"prune": None},
        {"prune": {"sparsity": "0.5"}},
        {"prune": {"sparsity": 1}},
        {"cluster": {"bits": 9}},
        {"distill": {"width": 0.5, "train": {"epochs": 0}}},
    ],
)
def test_a_wrong_step_does_not_fit(step: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid({**GOOD, "steps": [step]})


@pytest.mark.parametrize(
    "change",
    [
        {"recipe": 2},
        {"name": "a b"},
        {"steps": []},
        {"limits": {"bytse": 1}},
        {"limits": {"bytes": "1"}},
        {"allow": ["broken"]},
        {"colour": 1},
        {"seed": -1},
    ],
)
def test_a_wrong_frame_does_not_fit(change: dict[str, Any]) -> None:
    VALIDATOR.validate(GOOD)
    assert not VALIDATOR.is_valid({**GOOD, **change})


@pytest.mark.parametrize("key", ["recipe", "name", "steps"])
def test_the_three_keys_of_every_recipe_are_required(key: str) -> None:
    assert not VALIDATOR.is_valid({k: v for k, v in GOOD.items() if k != key})


def test_every_setting_of_every_step_is_in_it() -> None:
    definitions = recipe_schema()["$defs"]
    for model in STEP_MODELS.values():
        settings = model.model_fields.keys() - {"op", "with_"}
        assert definitions[model.__name__]["properties"].keys() == settings


def test_every_limit_is_in_it() -> None:
    assert recipe_schema()["properties"]["limits"]["properties"].keys() == LIMITS.keys()


def test_every_reference_leads_somewhere() -> None:
    text = str(recipe_schema())
    links = {part.split("'")[0] for part in text.split("#/$defs/")[1:]}
    assert links <= recipe_schema()["$defs"].keys()


def test_changing_the_answer_changes_no_later_answer() -> None:
    recipe_schema()["properties"].clear()
    assert recipe_schema()["properties"]
