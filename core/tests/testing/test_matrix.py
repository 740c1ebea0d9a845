"""Every value that an offer names becomes a case, however settings depend on each other."""

from __future__ import annotations

import pytest
from boildown import BackendInfo, Offer, Range, Refusal
from boildown.testing.matrix import chained_cases, offered_cases
from boildown.testing.refused import refused_cases


def info(*offers: Offer) -> BackendInfo:
    return BackendInfo(toolkit="numpy", distribution="numpy", offers=offers)


@pytest.mark.parametrize(
    ("offer", "setting", "values"),
    [
        (
            Offer(
                op="prune",
                accepts={
                    "sparsity": Range(),
                    "threshold": Range(minimum=0),
                    "criterion": ("magnitude", "threshold"),
                },
            ),
            "threshold",
            {None, 0.02, 0.05, 0.2},
        ),
        (
            Offer(op="prune", accepts={"sparsity": Range(), "structure": ("element", "n:m")}),
            "structure",
            {"element", "2:4", "1:3"},
        ),
        (
            Offer(op="distill", accepts={"student": ("uri",), "width": Range()}),
            "student",
            {None, "suite:student"},
        ),
        (
            Offer(op="cluster", accepts={"bits": Range(minimum=1, maximum=4)}),
            "bits",
            {1, 4},
        ),
    ],
)
def test_each_value_of_a_setting_is_in_a_case(
    offer: Offer, setting: str, values: set[object]
) -> None:
    cases = offered_cases(info(offer))
    assert {getattr(case.steps[0], setting) for case in cases} == values
    assert len({case.label for case in cases}) == len(cases)


def test_what_is_not_offered_is_the_rest_of_the_vocabulary() -> None:
    offer = Offer(op="quantize", accepts={"weights": ("int8", "float16")}, after=())
    refused = refused_cases(info(offer))
    words = {label.removeprefix("quantize-weights=") for label in refused if "-weights=" in label}
    assert words == {"bfloat16", "int7", "int6", "int5", "int4", "int3", "int2", "int1"}
    assert "quantize-train=yes" in refused
    assert "quantize+quantize" in refused


def test_an_offer_that_no_step_fits_is_told() -> None:
    offer = Offer(op="prune", accepts={"criterion": ("threshold",)})
    with pytest.raises(ValueError, match="no step fits the offer"):
        offered_cases(info(offer))


def test_a_value_that_no_step_can_have_is_told() -> None:
    accepts = {"sparsity": Range(), "criterion": ("magnitude", "threshold")}
    with pytest.raises(ValueError, match="no step can have criterion 'threshold'"):
        offered_cases(info(Offer(op="prune", accepts=accepts)))


def chains(*refusals: Refusal) -> list[str]:
    """Return the labels of all chains of a backend that clusters and then quantizes."""
    offers = (
        Offer(op="cluster", accepts={"values": Range(minimum=2, maximum=256)}, after=()),
        Offer(op="quantize", accepts={"weights": ("int8",)}, after=("cluster",)),
    )
    found = chained_cases(info(*offers).model_copy(update={"refusals": refusals}))
    return [case.label for case in found]


def behind(most: int) -> Refusal:
    few = Offer(op="cluster", accepts={"values": Range(minimum=2, maximum=most)})
    return Refusal(op="quantize", reason="tables are too short", behind=few)


def test_a_chain_begins_with_a_case_that_brings_about_no_refusal() -> None:
    assert chains() == ["cluster-values=5+quantize"]
    assert chains(behind(8)) == ["cluster-values=16+quantize"]


def test_where_every_case_brings_about_a_refusal_there_is_no_chain() -> None:
    assert chains(behind(256)) == []
