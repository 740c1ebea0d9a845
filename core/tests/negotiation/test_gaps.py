"""A whole recipe against everything that a backend offers."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from boildown import Cluster, Distill, Offer, Prune, Quantize, Range, Recipe, Refusal, Train
from boildown.negotiation.gaps import gaps, platform_obstacle
from boildown.negotiation.offers import Gap, Need
from boildown.recipe.catalogue import ready_recipes
from boildown.recipe.steps import Layers, Step

STATIC = Offer(
    op="quantize",
    accepts={
        "weights": ("int8",),
        "activations": ("int8",),
        "granularity": (None, "tensor", "channel"),
    },
    needs=("samples",),
    after=("prune",),
)
DYNAMIC = Offer(op="quantize", accepts={"weights": ("int8",), "activations": ("dynamic",)})
STORED = Offer(op="quantize", accepts={"weights": ("int8", "float16")})
ELEMENT = Offer(op="prune", accepts={"sparsity": Range(minimum=0.1, maximum=0.9)})
OFFERS = (STATIC, DYNAMIC, STORED, ELEMENT)
ALL: frozenset[Need] = frozenset({"samples", "labels", "train"})


def found(*steps: Step, offers: tuple[Offer, ...] = OFFERS, **other: Any) -> list[Gap]:
    known: dict[str, Any] = {"backend": "ort", "available": ALL, "platform": "linux"}
    recipe = Recipe(name="a", steps=steps)
    return gaps(recipe, offers, **{**known, "platforms": ("linux", "darwin"), **other})


def reasons(*steps: Step, **other: Any) -> list[str]:
    return [gap.reason for gap in found(*steps, **other)]


def test_what_is_offered_has_no_gaps() -> None:
    assert found(Prune(sparsity=0.5), Quantize(activations="int8", granularity="tensor")) == []


def test_a_value_that_is_not_offered_is_told_beside_those_that_are() -> None:
    (gap,) = found(Quantize(weights="int4"))
    assert gap.reason == "weights int4 is not offered (offers int8, float16)"
    assert (gap.step, gap.op, gap.setting, gap.wanted) == (0, "quantize", "weights", "int4")


def test_all_gaps_of_all_steps_are_found_at_once() -> None:
    steps = (Cluster(bits=4), Prune(sparsity=0.95, scope="global"), Quantize(observer="mse"))
    assert [(gap.step, gap.setting) for gap in found(*steps)] == [
        (0, None),
        (1, "sparsity"),
        (1, "scope"),
        (2, "observer"),
    ]


def test_the_nearest_offer_is_the_one_with_the_fewest_gaps() -> None:
    assert reasons(Quantize(weights="int4", activations="dynamic")) == [
        "weights int4 is not offered (offers int8)"
    ]


def test_of_equally_near_offers_the_one_that_matches_more_speaks() -> None:
    step = Quantize(activations="int8", granularity="tensor")
    assert reasons(step, available=frozenset()) == [
        "needs calibration samples, and no data is given"
    ]


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (Prune(sparsity=0.95), "sparsity 0.95 is not offered (offers 0.1 to 0.9)"),
        (
            Prune(sparsity=0.5, structure="channel"),
            "structure channel is not offered (only element is)",
        ),
        (Quantize(observer="mse"), "choosing observer is not offered"),
        (Quantize(symmetric=True), "choosing symmetric is not offered"),
        (Quantize(train=Train()), "training is not offered"),
    ],
)
def test_a_reason_says_what_is_wanted_and_what_there_is(step: Step, reason: str) -> None:
    assert reasons(step) == [reason]


def test_a_value_of_another_backend_is_told_as_such() -> None:
    (reason,) = reasons(Quantize(weights="torch:hqq"))
    assert reason.endswith("(offers int8, float16); torch:hqq is a value of the backend torch")


@pytest.mark.parametrize(
    ("accepts", "reason"),
    [
        ({"bits": Range(minimum=6)}, "bits 4 is not offered (offers at least 6)"),
        ({"bits": Range(maximum=2)}, "bits 4 is not offered (offers at most 2)"),
        ({"values": (2, 4)}, "bits 4 is not offered (offers values 2, 4)"),
        ({"bits": ()}, "bits 4 is not offered (offers nothing)"),
        ({"bits": (4,), "train": (True,)}, "is offered only with 'train'"),
        (
            {"bits": (4,), "keep_sparsity": (True,)},
            "keep_sparsity false is not offered (offers tru",
        ),
        ({"bits": (4,), "init": ("kmeans",)}, "init must be given (offers kmeans)"),
        ({"bits": (4,), "layers": ()}, "cannot be limited to some layers"),
    ],
)
def test_reasons_of_clustering(accepts: dict[str, Any], reason: str) -> None:
    step = Cluster(bits=4, layers=Layers(include=("a",)))
    (told,) = reasons(step, offers=(Offer(op="cluster", accepts=accepts),))
    assert told.startswith(reason)


def test_a_number_of_values_that_is_no_power_of_two_is_not_offered_in_bits() -> None:
    offer = Offer(op="cluster", accepts={"bits": Range()})
    assert reasons(Cluster(values=20), offers=(offer,)) == [
        "values 20 is not offered (offers bits any number)"
    ]


def test_a_uri_is_not_taken_for_a_value_of_a_backend() -> None:
    offer = Offer(op="distill", accepts={"width": Range()})
    assert reasons(Distill(width=0.5, teacher="zoo:large"), offers=(offer,)) == [
        "teacher zoo:large is not offered (only original is)"
    ]


def test_an_operation_that_is_not_offered_is_told_beside_those_that_are() -> None:
    assert reasons(Cluster(bits=4)) == ["ort: cluster is not offered (offers quantize, prune)"]
    assert reasons(Cluster(bits=4), offers=()) == ["ort: cluster is not offered (offers nothing)"]


REFUSALS = (
    Refusal(op="prune", setting="structure", reason="any structure"),
    Refusal(op="prune", setting="structure", value="channel", reason="channels need a trace"),
    Refusal(op="prune", setting="structure", value="n:m", reason="no kernels for n:m"),
    Refusal(op="prune", setting="train", reason="nothing trains here"),
    Refusal(op="cluster", reason="no storage for palettes"),
    Refusal(op="quantize", reason="never shown while something is offered"),
)


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (Prune(sparsity=0.5, structure="channel"), "channels need a trace"),
        (Prune(sparsity=0.5, structure="filter"), "any structure"),
        (Prune(structure="2:4"), "no kernels for n:m"),
        (Prune(sparsity=0.5, train=Train(epochs=7)), "nothing trains here"),
        (Cluster(bits=4), "ort: no storage for palettes"),
        (Quantize(weights="int4"), "weights int4 is not offered (offers int8, float16)"),
    ],
)
def test_a_refusal_that_fits_is_told_instead(step: Step, reason: str) -> None:
    assert reasons(step, refusals=REFUSALS) == [reason]


def test_a_refusal_is_not_told_for_what_is_offered() -> None:
    refusal = Refusal(op="prune", setting="sparsity", reason="never")
    assert reasons(Prune(sparsity=0.5), refusals=(refusal,)) == []


def test_the_order_of_steps_is_checked() -> None:
    steps = (Prune(sparsity=0.5), Quantize(), Quantize(activations="int8"))
    assert reasons(*steps, offers=(ELEMENT, STATIC, STORED)) == [
        "cannot stand after quantize (may stand after prune)"
    ]
    first = ELEMENT.model_copy(update={"after": ()})
    assert reasons(Quantize(), Prune(sparsity=0.5), offers=(STORED, first)) == [
        "cannot stand after quantize (must be the first step)"
    ]


@pytest.mark.parametrize("need", sorted(ALL))
def test_what_an_offer_cannot_do_without_must_be_in_the_data(need: Need) -> None:
    offer = Offer(op="quantize", needs=(need,))
    assert reasons(Quantize(), offers=(offer,)) == []
    (gap,) = found(Quantize(), offers=(offer,), available=ALL - {need})
    assert gap.reason.startswith("needs ")


def test_a_step_that_trains_needs_training_data_though_no_offer_says_so() -> None:
    offer = Offer(op="quantize", accepts={"train": (True, None)})
    without: dict[str, Any] = {"offers": (offer,), "available": ALL - {"train"}}
    assert reasons(Quantize(), **without) == []
    assert reasons(Quantize(train=Train()), **without) == [
        "needs training data, and the data has no train split"
    ]
    assert reasons(Quantize(train=Train()), offers=(offer,)) == []


def test_training_that_is_not_offered_is_not_told_to_lack_data_too() -> None:
    assert reasons(Quantize(train=Train()), available=frozenset()) == ["training is not offered"]


def test_another_platform_is_one_gap_beside_the_others() -> None:
    told = reasons(Prune(sparsity=0.5), Quantize(weights="int4"), platform="win32")
    assert told[0] == "ort compresses on linux, darwin only, not win32"
    assert len(told) == 2


def test_a_backend_without_platforms_compresses_nowhere() -> None:
    told = platform_obstacle((), backend="ort", platform="linux")
    assert told == "ort compresses on no platform only, not linux"
    assert platform_obstacle(("linux",), backend="ort", platform="linux") is None


def test_a_gap_in_one_line_counts_steps_from_one_and_says_nothing_twice() -> None:
    lines = [str(gap) for gap in found(Quantize(), Prune(sparsity=0.5, structure="channel"))]
    assert lines == ["step 2, prune: structure channel is not offered (only element is)"]
    (refused,) = found(Prune(sparsity=0.5, structure="channel"), refusals=REFUSALS)
    assert str(refused) == "step 1, prune.structure: channel: channels need a trace"
    assert str(Gap(step=0, op="prune", reason="no")) == "step 1, prune: no"


def test_every_ready_recipe_is_answered() -> None:
    answered = {name: bool(found(*recipe.steps)) for name, recipe in ready_recipes().items()}
    covered = {name for name, missing in answered.items() if not missing}
    assert covered == {"int8-static", "int8-dynamic", "int8-weights", "float16", "prune-50-element"}


def test_negotiating_loads_no_runtime() -> None:
    code = (
        "import sys, boildown.negotiation.gaps, boildown.negotiation.settings\n"
        "import boildown.recipe.load\n"
        "print(sorted({'onnx', 'onnxruntime', 'torch'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_format_that_cannot_hold_the_result_is_a_gap_with_its_reason() -> None:
    offers = (STORED.model_copy(update={"unfit_formats": {"small": "it has no integers"}}),)
    (gap,) = found(Quantize(), offers=offers, form="small")
    assert gap.reason == "format 'small': it has no integers"
    assert found(Quantize(), offers=offers, form="large") == []
