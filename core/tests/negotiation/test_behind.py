"""Refusals because of what an earlier step of the chain is."""

from __future__ import annotations

from typing import Any

import pytest
from boildown import Cluster, Offer, Prune, Quantize, Range, Recipe, Refusal, Train
from boildown.negotiation.gaps import gaps
from boildown.recipe.steps import Layers, Step
from pydantic import ValidationError

OFFERS = (
    Offer(op="cluster", accepts={"values": Range(), "train": (None, True)}),
    Offer(op="quantize", accepts={"weights": ("int8", "int4", "float16")}),
    Offer(op="prune", accepts={"sparsity": Range(), "structure": ("element", "n:m")}),
)
FEW = Offer(op="cluster", accepts={"values": Range(minimum=2, maximum=8), "layers": ()})
REFUSAL = Refusal(
    op="quantize",
    setting="weights",
    value="int8",
    reason="tables are too short",
    behind=FEW,
    unless=("group_size",),
)


def lines(*steps: Step, refusal: Refusal = REFUSAL) -> list[str]:
    found = gaps(
        Recipe(name="a", steps=steps),
        OFFERS,
        refusals=(refusal,),
        platforms=("linux",),
        backend="ort",
        available=frozenset({"train", "labels"}),
        platform="linux",
    )
    return [str(gap) for gap in found]


def grouped(backend: str) -> Cluster:
    return Cluster.model_validate({"values": 8, "with": {backend: {"group_size": 4}}})


@pytest.mark.parametrize("earlier", [Cluster(values=8), Cluster(bits=1), grouped("another")])
def test_a_step_is_refused_because_of_an_earlier_one(earlier: Cluster) -> None:
    reason = "quantize.weights: int8: tables are too short"
    assert lines(earlier, Quantize()) == [f"step 2, {reason}"]
    assert lines(earlier, Prune(sparsity=0.5), Quantize()) == [f"step 3, {reason}"]


@pytest.mark.parametrize(
    "earlier",
    [
        Cluster(values=9),
        Cluster(bits=4),
        Cluster(values=8, train=Train()),
        Cluster(values=8, layers=Layers(include=("a",))),
        grouped("ort"),
        Prune(sparsity=0.5),
    ],
)
def test_an_earlier_step_that_is_not_described_refuses_nothing(earlier: Step) -> None:
    assert lines(earlier, Quantize()) == []


def test_other_values_and_another_order_are_not_refused() -> None:
    assert lines(Cluster(values=8), Quantize(weights="int4")) == []
    assert lines(Quantize(), Cluster(values=8)) == []


@pytest.mark.parametrize(
    ("about", "step", "line"),
    [
        ({"op": "quantize"}, Quantize(weights="int4"), "step 2, quantize: no"),
        ({"op": "quantize", "setting": "weights"}, Quantize(weights="float16"),
         "step 2, quantize.weights: float16: no"),
        ({"op": "prune", "setting": "structure", "value": "n:m"}, Prune(structure="2:4"),
         "step 2, prune.structure: 2:4: no"),
        ({"op": "quantize", "setting": "observer"}, Quantize(), None),
    ],
)  # fmt: skip
def test_a_refusal_is_of_one_value_of_any_or_of_the_operation(
    about: dict[str, Any], step: Step, line: str | None
) -> None:
    found = lines(Cluster(values=8), step, refusal=Refusal(reason="no", behind=FEW, **about))
    assert found == ([line] if line else [])


def test_a_refusal_behind_a_step_is_not_told_of_other_gaps() -> None:
    refusal = REFUSAL.model_copy(update={"value": "int2"})
    assert lines(Quantize(weights="int2"), refusal=refusal) == [
        "step 1, quantize: weights int2 is not offered (offers int8, int4, float16)"
    ]


def test_own_settings_are_those_of_an_earlier_step() -> None:
    with pytest.raises(ValidationError, match="'behind' describes"):
        Refusal(op="quantize", reason="no", unless=("group_size",))


def test_a_refusal_survives_json() -> None:
    assert Refusal.model_validate_json(REFUSAL.model_dump_json()) == REFUSAL
