"""One setting of a step against one offer."""

from __future__ import annotations

from typing import Any

import pytest
from boildown import Cluster, Distill, Offer, Prune, Quantize, Range, Train
from boildown.negotiation.matching import matched_settings, refused_settings, wanted_settings
from boildown.recipe.steps import Layers, Step

SOME_LAYERS = Layers(include=("a",))


def refused(step: Step, **accepts: Any) -> list[str]:
    return refused_settings(step, Offer(op=step.op, accepts=accepts))


def test_an_offer_that_names_nothing_accepts_the_neutral_defaults() -> None:
    assert refused(Quantize()) == []
    assert refused(Quantize(weights="int4", symmetric=True)) == ["weights", "symmetric"]


def test_a_default_that_an_offer_does_not_name_among_others_is_refused() -> None:
    accepts = {"weights": ("int8",), "activations": ("dynamic",)}
    assert refused(Quantize(activations="dynamic"), **accepts) == []
    assert refused(Quantize(), **accepts) == ["activations"]


def test_a_setting_may_be_left_open_where_the_offer_says_so_or_does_not_name_it() -> None:
    assert refused(Quantize(), granularity=(None, "channel")) == []
    assert refused(Quantize()) == []
    assert refused(Quantize(), granularity=("channel",)) == ["granularity"]
    assert refused(Quantize(granularity="tensor"), granularity=("channel",)) == ["granularity"]


def test_a_number_accepted_by_a_range_may_be_left_open() -> None:
    assert refused(Quantize(), block_size=Range(minimum=32)) == []
    assert refused(Quantize(), block_size=(32, 64)) == ["block_size"]


@pytest.mark.parametrize(
    ("step", "accepts"),
    [
        (Prune(structure="2:4"), {"sparsity": (0.5,), "structure": ("element", "n:m")}),
        (Cluster(bits=4), {"bits": (4,), "values": (3, 5)}),
        (Distill(student="a"), {"student": ("uri",), "width": (0.5,)}),
        (Distill(width=0.5), {"student": ("uri",), "width": (0.5,)}),
    ],
)
def test_of_settings_that_exclude_each_other_the_others_are_left_out(
    step: Step, accepts: dict[str, Any]
) -> None:
    assert refused(step, **accepts) == []


@pytest.mark.parametrize(
    ("train", "accepts", "refusals"),
    [
        (None, {}, []),
        (Train(), {}, ["train"]),
        (Train(epochs=9), {"train": (True,)}, []),
        (None, {"train": (True,)}, ["train"]),
        (None, {"train": (True, None)}, []),
        (Train(), {"train": (None,)}, ["train"]),
    ],
)
def test_training_is_offered_demanded_or_neither(
    train: Train | None, accepts: dict[str, Any], refusals: list[str]
) -> None:
    assert refused(Quantize(train=train), **accepts) == refusals


def test_distilling_trains_by_its_nature() -> None:
    step = Distill(width=0.5, train=Train(epochs=1))
    assert refused(step, width=Range()) == []
    assert refused(step, width=Range(), train=(None,)) == ["train"]


def test_some_layers_are_accepted_unless_the_offer_says_otherwise() -> None:
    assert refused(Quantize(layers=SOME_LAYERS)) == []
    assert refused(Quantize(layers=SOME_LAYERS), layers=()) == ["layers"]
    assert refused(Quantize(), layers=()) == []


@pytest.mark.parametrize("accepted", [Range(), Range(minimum=0.5, maximum=0.5), (0.5, 0.75)])
def test_numbers_are_accepted_by_range_or_by_list(accepted: object) -> None:
    assert refused(Prune(sparsity=0.5), sparsity=accepted) == []


@pytest.mark.parametrize("accepted", [Range(minimum=0.6), Range(maximum=0.4), (0.25,), ()])
def test_numbers_outside_of_it_are_refused(accepted: object) -> None:
    assert refused(Prune(sparsity=0.5), sparsity=accepted) == ["sparsity"]


def test_true_is_no_number_and_no_one() -> None:
    assert refused(Quantize(symmetric=True), symmetric=Range()) == ["symmetric"]
    assert refused(Quantize(symmetric=True), symmetric=(1,)) == ["symmetric"]
    assert refused(Quantize(symmetric=True), symmetric=(True,)) == []


def test_text_is_in_no_range() -> None:
    assert refused(Quantize(), weights=Range()) == ["weights"]


@pytest.mark.parametrize("accepted", [("n:m",), ("2:4",), ("element", "2:4")])
def test_n_of_m_is_accepted_by_its_word_or_exactly(accepted: tuple[str, ...]) -> None:
    assert refused(Prune(structure="2:4"), structure=accepted) == []


@pytest.mark.parametrize("accepted", [("1:4",), ("element",), ("n",)])
def test_n_of_m_is_not_accepted_by_anything_else(accepted: tuple[str, ...]) -> None:
    assert refused(Prune(structure="2:4"), structure=accepted) == ["structure"]


def test_the_word_n_of_m_accepts_no_other_structure_and_no_other_setting() -> None:
    assert refused(Prune(sparsity=0.5), sparsity=Range(), structure=("n:m",)) == ["structure"]
    assert refused(Prune(structure="x:y", sparsity=0.5), sparsity=Range(), structure=("n:m",)) != []


@pytest.mark.parametrize(
    ("step", "accepts", "refusals"),
    [
        (Cluster(bits=4), {"bits": (4,)}, []),
        (Cluster(bits=4), {"values": Range(minimum=2, maximum=16)}, []),
        (Cluster(bits=5), {"values": Range(minimum=2, maximum=16)}, ["bits"]),
        (Cluster(values=16), {"bits": Range(minimum=1, maximum=4)}, []),
        (Cluster(values=32), {"bits": Range(minimum=1, maximum=4)}, ["values"]),
        (Cluster(values=20), {"bits": Range()}, ["values"]),
        (Cluster(values=20), {"values": Range()}, []),
        (Cluster(bits=4), {"bits": (2,), "values": Range()}, ["bits"]),
        (Cluster(bits=4), {}, ["bits"]),
    ],
)
def test_bits_and_numbers_of_values_stand_for_each_other(
    step: Cluster, accepts: dict[str, Any], refusals: list[str]
) -> None:
    assert refused(step, **accepts) == refusals


def test_any_uri_is_accepted_by_its_word() -> None:
    step = Distill(student="zoo:small", teacher="zoo:large")
    assert refused(step, student=("uri",), teacher=("original", "uri")) == []
    assert refused(step, student=("uri",)) == ["teacher"]
    assert refused(step) == ["teacher", "student"]
    assert refused(Quantize(), weights=("uri",)) == ["weights"]


def test_plugin_values_are_accepted_when_named() -> None:
    assert refused(Quantize(weights="torch:hqq"), weights=("int8", "torch:hqq")) == []
    assert refused(Quantize(weights="torch:hqq"), weights=("int8",)) == ["weights"]


def test_matches_are_what_is_given_and_accepted_by_name() -> None:
    offer = Offer(op="quantize", accepts={"weights": ("int8",), "observer": ("mse",)})
    step = Quantize(observer="entropy", train=Train())
    assert matched_settings(step, offer) == ["weights"]


def test_settings_are_plain_values() -> None:
    wanted = wanted_settings(Quantize(train=Train(epochs=2), layers=SOME_LAYERS))
    assert (wanted["train"], wanted["layers"], wanted["symmetric"]) == (True, True, None)
    assert wanted.keys().isdisjoint({"op", "with", "with_"})
