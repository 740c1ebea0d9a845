"""Settings for single toolkits."""

from __future__ import annotations

from typing import Any

import pytest
from boildown import Quantize, Recipe
from boildown.errors import PluginError, RecipeError
from boildown.negotiation.settings import (
    check_with_names,
    deploy_settings,
    shipped_format,
    step_settings,
)
from boildown.recipe.steps import Op

SCHEMA: dict[Op, dict[str, Any]] = {
    "quantize": {
        "type": "object",
        "properties": {
            "io": {"enum": ["int8", "float32"]},
            "threads": {"type": "integer", "minimum": 1},
        },
    }
}


def step(**with_: Any) -> Quantize:
    return Quantize.model_validate({"with": with_})


def refusal(given: Quantize, schema: Any = SCHEMA) -> str:
    with pytest.raises(RecipeError) as refused:
        step_settings(given, "tflite", schema)
    return str(refused.value)


def test_what_fits_the_schema_is_returned() -> None:
    given = step(tflite={"io": "int8"}, torch={"x": 1})
    assert step_settings(given, "tflite", SCHEMA) == {"io": "int8"}


def test_nothing_said_is_nothing_set() -> None:
    assert step_settings(step(torch={"x": 1}), "tflite", {}) == {}


def test_the_answer_is_a_copy() -> None:
    given = step(tflite={"io": "int8"})
    step_settings(given, "tflite", SCHEMA).clear()
    assert given.with_ == {"tflite": {"io": "int8"}}


def test_everything_wrong_is_told_at_once() -> None:
    assert refusal(step(tflite={"thread": 1, "io": "int9", "threads": 0})).splitlines() == [
        "quantize, with.tflite.io: must be one of int8, float32, not 'int9'; did you mean 'int8'?",
        "quantize, with.tflite.threads: must be a whole number of at least 1, not 0",
        "quantize, with.tflite.thread: unknown key; did you mean 'threads'?",
    ]


def test_a_schema_that_is_silent_about_other_keys_allows_none() -> None:
    assert "known are io, threads" in refusal(step(tflite={"zzz": 1}))


def test_a_schema_may_allow_other_keys() -> None:
    open_schema: dict[Op, Any] = {"quantize": {**SCHEMA["quantize"], "additionalProperties": True}}
    assert step_settings(step(tflite={"zzz": 1}), "tflite", open_schema) == {"zzz": 1}
    assert step_settings(step(tflite={"zzz": 1}), "tflite", {"quantize": {}}) == {"zzz": 1}


def test_settings_where_a_backend_has_none_are_refused() -> None:
    assert refusal(step(tflite={}), {"prune": {}}) == (
        "quantize, with.tflite: tflite has no settings of its own for quantize"
        " (it has some for prune); remove this part"
    )
    assert "(it has" not in refusal(step(tflite={"io": 1}), {})


def test_a_broken_schema_is_the_plugins_fault() -> None:
    with pytest.raises(PluginError, match="backend tflite: its settings schema for quantize"):
        step_settings(step(tflite={}), "tflite", {"quantize": {"type": "number?"}})


def recipe(*names: str) -> Recipe:
    return Recipe(name="a", steps=(Quantize(), *(step(**{name: {}}) for name in names)))


def test_a_name_near_to_a_backend_is_a_mistake() -> None:
    with pytest.raises(RecipeError) as refused:
        check_with_names(recipe("tflte", "torch", "trch"), {"tflite", "torch"})
    assert str(refused.value).splitlines() == [
        "step 2, with.tflte: there is no such backend; did you mean 'tflite'?",
        "step 4, with.trch: there is no such backend; did you mean 'torch'?",
    ]


def test_settings_for_a_backend_that_is_not_installed_are_left_alone() -> None:
    check_with_names(recipe("coreml", "tflite"), {"tflite", "torch"})
    check_with_names(recipe("anything"), ())


def test_what_ships_is_told_by_any_step() -> None:
    steps = (step(torch={"io": "int8"}), step(tflite={"format": "x", "io": "int8"}))
    assert deploy_settings(steps, "tflite", ("format",)) == {"format": "x"}
    assert deploy_settings(steps, "torch", ("format",)) == {}


def test_steps_that_differ_in_what_ships_are_refused() -> None:
    steps = (step(tflite={"format": "x"}), step(tflite={"format": "y"}))
    with pytest.raises(RecipeError, match=r"step 2.*format.*'y'.*earlier step says 'x'"):
        deploy_settings(steps, "tflite", ("format",))


def test_the_format_that_ships_is_what_a_step_says_or_the_first() -> None:
    asked = (step(), step(tflite={"format": "b"}))
    assert shipped_format(asked, "tflite", ("format",), ("a", "b")) == "b"
    assert shipped_format(asked, "torch", ("format",), ("a", "b")) == "a"
    assert shipped_format(asked, "tflite", (), ("a", "b")) == "a"
