"""The README says what the code does: its recipe runs, and it names what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from boildown import Recipe, UnsupportedError, load_recipe
from boildown.recipe.catalogue import ready_names, ready_recipe
from boildown.testing.graphs import GRAPHS
from boildown.testing.jobs import refuse_gaps
from boildown_nni import hooks
from boildown_nni.pruners import Length, arguments_of, class_of

from .jobs import normalised, run

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
INFO = hooks.backend_info()


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    (block,) = re.findall(r"^```yaml\n(.*?)^```", README, re.DOTALL | re.MULTILINE)
    (tmp_path / "r.yaml").write_text(block, encoding="utf-8")
    return load_recipe(tmp_path / "r.yaml")


def test_its_recipe_is_offered_and_its_arguments_are_those_of_the_classes(recipe: Recipe) -> None:
    refuse_gaps("nni", recipe.steps, "")
    step, settings = recipe.steps[0], recipe.steps[0].with_["nni"]
    name = class_of(step, settings)  # type: ignore[arg-type]
    taken = arguments_of(name, step, Length(100, 50), settings["arguments"])  # type: ignore[arg-type]
    assert taken.items() >= settings["arguments"].items()
    with pytest.raises(UnsupportedError):
        arguments_of("L1Norm", step, Length(100, 50), settings["arguments"])  # type: ignore[arg-type]


def test_its_recipe_runs(recipe: Recipe, tmp_path: Path) -> None:
    result = run(normalised(GRAPHS["batch_norm"](), tmp_path), *recipe.steps)
    assert result.status == "ok", result.reason
    assert [report.cost.epochs for report in result.steps] == [3, 2]


def test_every_setting_and_class_of_the_schema_is_named() -> None:
    table = README.partition("reaches the classes")[2].partition("\n## ")[0]
    for schema in INFO.settings_schema.values():
        for setting, rule in schema["properties"].items():
            named = {setting, *rule.get("enum", ()), *rule.get("properties", ())}
            assert {word for word in named if f"`{word}`" not in table} == set()


def test_ready_recipes_that_run_unchanged_are_those_that_are_offered() -> None:
    text = README.partition("that come with boildown")[2].partition("run unchanged")[0]
    said = set(re.findall(r"`([\w-]+)`", text))
    assert said == {name for name in ready_names() if _offered(name)}


def _offered(name: str) -> bool:
    try:
        refuse_gaps("nni", ready_recipe(name).steps, "")
    except UnsupportedError:
        return False
    return True
