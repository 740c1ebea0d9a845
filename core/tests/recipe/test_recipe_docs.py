"""docs/recipe.md: it names everything there is, and its examples are recipes."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest
from boildown import Preprocessing, Recipe, Train
from boildown.errors import RecipeError
from boildown.recipe.catalogue import ready_recipes
from boildown.recipe.read import recipe_from_text
from boildown.recipe.recipe import LIMITS, Data, Expect
from boildown.recipe.schema import recipe_schema
from boildown.recipe.steps import STEP_MODELS, Layers
from pydantic import BaseModel

PAGE = (Path(__file__).parents[3] / "docs" / "recipe.md").read_text(encoding="utf-8")
COMMON = {"op", "with_", "layers", "train"}
SECTIONS: dict[str, type[BaseModel]] = {
    **{str(op): model for op, model in STEP_MODELS.items()},
    "The whole file": Recipe,
    "layers": Layers,
    "train": Train,
    "input": Preprocessing,
    "expect": Expect,
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def section(title: str) -> str:
    """Return the text from one heading to the next."""
    (text,) = re.findall(rf"^##+ {title}\n(.*?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE)
    return str(text)


def rows(text: str) -> dict[str, str]:
    """Return the rows of all tables by each key that their first cell names."""
    lines = re.findall(r"^\| (`.*?) \| (.*) \|$", text, re.MULTILINE)
    return {key: rest for first, rest in lines for key in re.findall(r"`([^`]+)`", first)}


@pytest.mark.parametrize("title", SECTIONS)
def test_every_key_has_its_row_and_no_row_is_left_over(title: str) -> None:
    fields = set(SECTIONS[title].model_fields)
    fields -= COMMON if title in STEP_MODELS else set()
    extra = set(Data.model_fields) if title == "The whole file" else set()
    assert rows(section(title)).keys() - {"train"} == (fields | extra) - {"train"}


@pytest.mark.parametrize("op", STEP_MODELS)
def test_every_word_of_every_setting_stands_in_its_row(op: str) -> None:
    known = rows(section(op))
    settings = recipe_schema()["$defs"][op.capitalize()]["properties"]
    for name in settings.keys() - COMMON:
        for branch in settings[name].get("anyOf", [settings[name]]):
            words = branch.get("enum", [])
            assert [word for word in words if f"`{word}`" not in known[name]] == []


@pytest.mark.parametrize("title", SECTIONS)
def test_a_default_that_the_page_states_is_the_default(title: str) -> None:
    required = set(recipe_schema()["required"]) if title == "The whole file" else {"top1"}
    for key, rest in rows(section(title)).items():
        field = SECTIONS[title].model_fields.get(key)
        stated = rest.split(" | ")[1].strip("`")
        if field is not None and (key in required or field.is_required()):
            assert stated == "required"
        elif field is not None and isinstance(field.default, int | float | str) and field.default:
            assert stated == str(field.default)


def test_the_settings_of_every_step_stand_in_their_own_table() -> None:
    assert rows(section("Steps")).keys() == {"layers", "train"}


def test_every_limit_has_its_row_and_its_direction() -> None:
    words = {"minimum": "at least", "maximum": "at most"}
    stated = {name: rest.split(" | ")[0] for name, rest in rows(section("limits")).items()}
    assert stated == {name: words[bound] for name, bound in LIMITS.items()}


def test_every_ready_recipe_has_its_row_and_says_whether_it_trains() -> None:
    trains = {
        name: "yes" if any(step.train for step in recipe.steps) else "no"
        for name, recipe in ready_recipes().items()
    }
    assert {n: r.split(" | ")[-1] for n, r in rows(section("Ready recipes")).items()} == trains


@pytest.mark.parametrize("text", blocks("yaml"))
def test_every_yaml_block_is_a_recipe(text: str) -> None:
    assert recipe_from_text(text, "docs/recipe.md").steps


def test_the_block_of_the_whole_file_has_every_key() -> None:
    recipe = recipe_from_text(blocks("yaml")[1], "docs/recipe.md")
    assert recipe.model_fields_set == set(Recipe.model_fields)


def test_the_faults_that_the_page_shows_are_told_so() -> None:
    text = "recipe: 1\nname: a\nsteps:\n  - prune: {sparsty: 0.5}\n  - quantize: {weights: int9}\n"
    with pytest.raises(RecipeError) as refused:
        recipe_from_text(text, "recipe.yaml")
    assert blocks("text") == [f"{refused.value}\n"]


def test_the_python_of_the_page_runs() -> None:
    with contextlib.redirect_stdout(io.StringIO()) as output:
        for block in blocks("python"):
            exec(compile(block, "docs/recipe.md", "exec"), {})  # noqa: S102 - our own page
    assert output.getvalue() == "['prune', 'cluster', 'quantize']\n"
