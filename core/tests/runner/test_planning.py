"""The plan of several models: what the data of each allow, whatever their order."""

from __future__ import annotations

from itertools import permutations

import pytest
from boildown import Offer, Quantize, Recipe
from boildown.plugins.registry import Registry
from boildown.runner.endpoints import Endpoint, endpoint
from boildown.runner.planning import plan
from boildown.runner.request import Cell

RECIPE = Recipe(name="trained", steps=(Quantize(weights="float16"),))
HAS = {"a": frozenset({"samples"}), "b": frozenset({"samples", "train", "labels"})}


@pytest.fixture
def place(rounding: str) -> Endpoint:
    """Return a backend that needs labels to train on."""
    found = endpoint(rounding, Registry(), {})
    offer = Offer(op="quantize", accepts={"weights": ("float16",)}, needs=("labels",))
    return found.model_copy(update={"info": found.info.model_copy(update={"offers": (offer,)})})


@pytest.mark.parametrize("models", [*permutations("ab"), ("a",), ("b",), ("",)])
def test_every_model_has_the_plan_of_its_own_data(models: tuple[str, ...], place: Endpoint) -> None:
    cells = [Cell(recipe=RECIPE, model=model, backend="rounding") for model in models]
    there = {(RECIPE.name, model): HAS.get(model, HAS["b"]) for model in models}
    found = plan(cells, {"rounding": place}, {}, there)
    assert found.jobs == len({*models} - {"a"})
    assert found.models == tuple(filter(None, models))
    (cell,) = found.recipes[0].backends[0].cells
    why = "needs labels to train on, and the data has no train split with labels"
    wanted = {("a",): (why,), ("b",): (), ("",): ()}
    assert cell.notes == wanted.get(models, (f"{why} (a)",))
    assert cell.verdict == ("no" if "a" in models else "yes")


def test_a_backend_that_cannot_run_here_has_no_jobs(place: Endpoint) -> None:
    info = place.info.model_copy(update={"needs": ("no-such-toolkit",)})
    cells = [Cell(recipe=RECIPE, model="b", backend="rounding")]
    absent = place.model_copy(update={"info": info})
    found = plan(cells, {"rounding": absent}, {}, {(RECIPE.name, "b"): HAS["b"]})
    assert found.jobs == 0
    assert "no-such-toolkit is not installed" in found.recipes[0].backends[0].obstacles[0]
