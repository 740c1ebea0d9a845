"""What a run would stumble over at its end is told before it begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import pytest
from boildown import DataError, Quantize, Recipe
from boildown.api import compare
from boildown.errors import ModelError, RecipeError, UnknownBackendError, UriError, UsageError

from .recipes import recipe

pytestmark = pytest.mark.usefixtures("rounding", "cache")
HALVES = (Quantize(weights="float16"),)


@pytest.fixture
def asked(model_path: Path, tmp_path: Path) -> dict[str, Any]:
    return {"models": str(model_path), "backends": "rounding", "out": tmp_path / "out"}


def test_what_is_expected_and_cannot_be_checked_stops_the_run(asked: dict[str, Any]) -> None:
    expecting = Recipe.model_validate({"name": "r", "steps": HALVES, "expect": {"top1": 0.9}})
    with pytest.raises(DataError, match=r"expect\.top1 is 0\.9 but there is no top-1 to check"):
        compare(expecting, **asked)


@pytest.mark.parametrize("part", ["rows", "twins", "models"])
def test_a_part_of_the_folder_that_cannot_be_written_is_told_before_the_run(
    asked: dict[str, Any], part: str
) -> None:
    asked["out"].mkdir()
    (asked["out"] / part).touch()
    with pytest.raises(UsageError, match=f"--out .*{part} is a file"):
        compare(Recipe(name="r", steps=HALVES), **asked)


def test_a_wrong_limit_of_the_cache_is_told_before_the_run(
    asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOILDOWN_CACHE_LIMIT", "lots")
    with pytest.raises(UsageError, match="lots"):
        compare(Recipe(name="r", steps=HALVES), **asked)
    assert not asked["out"].exists()


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"backends": "roundin"}, UnknownBackendError, "did you mean 'rounding'"),
        ({"models": "no.onnx"}, ModelError, "no model file no.onnx"),
        ({"models": "zooo:x"}, UriError, "zooo"),
        ({"data": "npz:no.npz"}, DataError, "no.npz"),
        ({"models": ()}, UsageError, "names no model"),
    ],
)
def test_what_is_not_there_is_an_error_before_any_job(
    asked: dict[str, Any], change: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        compare(recipe(), **{**asked, **change})
    assert not asked["out"].exists()


def test_a_model_without_layers_is_an_error_before_any_job(
    asked: dict[str, Any], tiny: onnx.ModelProto
) -> None:
    relu = onnx.helper.make_node("Relu", ["x"], ["y"])
    output = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, ["N", 3, 8, 8])
    graph = onnx.helper.make_graph([relu], "g", tiny.graph.input, [output])
    tiny.graph.CopyFrom(graph)
    onnx.save(tiny, asked["models"])
    with pytest.raises(ModelError, match="the model has no layer with a constant weight"):
        compare(recipe(), **asked)
    assert not asked["out"].exists()


def test_a_pattern_that_matches_no_layer_is_an_error(asked: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match="konv"):
        compare(recipe(step={"layers": {"include": ["konv"]}}), **asked)


def test_a_wrong_setting_for_a_backend_is_an_error(asked: dict[str, Any]) -> None:
    step = {"op": "quantize", "weights": "float16"}
    wrong = {"rounding": {"behav": "print"}, "roundin": {}}
    steps = [{**step, "with": wrong}, {**step, "with": {"rounding": {"bits": 8}}}]
    with pytest.raises(RecipeError) as told:
        compare(Recipe.model_validate({"name": "half", "steps": steps}), **asked)
    slip, first, second = str(told.value).splitlines()
    assert slip.startswith("recipe 'half': step 1, with.roundin: there is no such backend")
    assert first.startswith("recipe 'half': quantize, with.rounding.behav")
    assert second.startswith("recipe 'half': quantize, with.rounding.bits")


def test_two_recipes_of_one_name_are_an_error(asked: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="two recipes are called 'half'"):
        compare([recipe(), recipe()], **asked)


@pytest.mark.parametrize("names", ["[a, b]", "[a, b, c, d, e]"])
def test_class_names_that_are_not_one_for_each_score_are_an_error(
    asked: dict[str, Any], names: str
) -> None:
    Path(asked["models"]).with_suffix(".yaml").write_text(f"labels: {names}\n")
    with pytest.raises(ModelError, match="class names, but output 'y' has 4 scores"):
        compare(recipe(), **asked)
