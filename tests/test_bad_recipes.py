"""Recipes that nobody should have written: each is one clear error, and nothing is left behind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Refusal = Callable[..., str]

GOOD = "recipe: 1\nname: mine\nsteps:\n  - quantize: {weights: float16}\n"
#: Fault -> what is put in the place of what, and what the error says.
FAULTS = {
    "unknown key": ("weights", "weigths", "mine.yaml:4:16: step 1, quantize.weigths: unknown"),
    "wrong type": ("float16", "[1]", "mine.yaml:4:25: step 1, quantize.weights: must be one of"),
    "wrong type of a number": ("recipe: 1", "recipe: one", "mine.yaml:1:9: recipe: must be 1"),
    "duplicate key": ("name: mine", "name: a\nname: b", "mine.yaml:3:1: name: the key appears"),
    "alias": ("name: mine", "name: *mine", "mine.yaml:2:7: name: aliases (*mine) are"),
    "tab": ("  - q", "\t- q", "mine.yaml:4:1: a tab cannot indent YAML; use spaces"),
    "10 MB": ("steps", f"# {'x' * 10_000_000}\nsteps", "mine.yaml: larger than 256 KiB"),
    "a tag that names code": ("mine", "!!python/object/apply:os.system ['touch pwned']",
                              "mine.yaml:2:7: name: tags"),
    "no calibration samples": ("steps", "data: {calibrate: 0}\nsteps",
                               "mine.yaml:3:19: data.calibrate: must be a whole number of at"),
    "an empty file": (GOOD, "", "mine.yaml:1:1: the file is empty"),
}  # fmt: skip


@pytest.fixture
def words(model_path: Path, data: str, rounding: str) -> list[str]:
    return ["mine.yaml", "--model", str(model_path), "--backend", rounding, "--data", data]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("verb", ["compare", "run", "plan"])
def test_a_wrong_recipe_is_told_its_fault_and_place(
    refusal: Refusal, words: list[str], verb: str, fault: str
) -> None:
    old, new, said = FAULTS[fault]
    Path("mine.yaml").write_text(GOOD.replace(old, new))
    assert refusal(verb, *words).startswith(said)


def test_the_key_that_was_meant_is_named(refusal: Refusal, words: list[str]) -> None:
    Path("mine.yaml").write_text(GOOD.replace("weights", "weigths"))
    assert "did you mean 'weights'?" in refusal("compare", *words)


def test_the_recipe_without_a_fault_is_planned(refusal: Refusal, words: list[str]) -> None:
    Path("mine.yaml").write_text(GOOD)
    with pytest.raises(AssertionError, match="assert 0 == 2"):
        refusal("plan", *words)


@pytest.mark.parametrize(
    ("backend", "said"),
    [("roundin", "did you mean 'rounding'?"), ("hexagon", "try `pip install boildown-hexagon`")],
)
@pytest.mark.parametrize("verb", ["compare", "run", "plan"])
def test_an_unknown_backend_is_told_the_nearest_or_how_to_install_it(
    refusal: Refusal, words: list[str], verb: str, backend: str, said: str
) -> None:
    Path("mine.yaml").write_text(GOOD)
    text = refusal(verb, *(backend if word == "rounding" else word for word in words))
    assert text.startswith(f"no backend '{backend}' (installed: ")
    assert text.endswith(f"{said}\n")


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ("{include: [konv]}", "'konv' matches none of the 2 layers; the nearest is 'conv'"),
        ("{exclude: ['size>9999']}", "'size>9999' matches none of the 2 layers; they hold 20 to"),
        ("{include: ['type:Lstm']}", "there are type:Conv, type:Gemm"),
        ("{exclude: ['*']}", "leave none of the 2 layers"),
    ],
)
@pytest.mark.parametrize("verb", ["compare", "run"])
def test_a_layer_pattern_that_matches_nothing_is_told_the_nearest(
    refusal: Refusal, words: list[str], verb: str, layers: str, said: str
) -> None:
    Path("mine.yaml").write_text(GOOD.replace("float16", f"float16, layers: {layers}"))
    assert said in refusal(verb, *words)
