"""Offers as values, the best of several, and what they do only nearly."""

from __future__ import annotations

from typing import Any

import pytest
from boildown import Approximation, Cluster, Offer, Prune, Quantize, Range, Refusal
from boildown.negotiation.gaps import approximations, best_offer
from pydantic import ValidationError

PLAIN = Offer(op="quantize", accepts={"weights": ("int8", "int4")})
NEARLY = Offer(
    op="quantize",
    accepts={"weights": ("int8", "int4"), "symmetric": (None, True), "block_size": Range()},
    approximations=(
        Approximation(setting="weights", value="int4", how="stored as int4, computed as int8"),
        Approximation(setting="symmetric", value=True, how="zero point 128"),
        Approximation(setting="block_size", value=None, how="blocks of 32"),
    ),
)


@pytest.mark.parametrize(
    ("step", "how"),
    [
        (Quantize(), ()),
        (Quantize(weights="int4"), ("stored as int4, computed as int8",)),
        (Quantize(symmetric=True), ("zero point 128",)),
        (Quantize(block_size=64), ("blocks of 32",)),
        (
            Quantize(weights="int4", block_size=64),
            ("stored as int4, computed as int8", "blocks of 32"),
        ),
    ],
)
def test_what_is_done_only_nearly_is_told(step: Quantize, how: tuple[str, ...]) -> None:
    assert approximations(step, [NEARLY]) == how


def test_what_is_exact_with_a_setting_of_the_backend_is_not_told_there() -> None:
    narrow = Approximation(
        setting="weights", value="int8", how="7 bits", unless={"whole": (True,), "format": ("x",)}
    )
    offers = [Offer(op="quantize", accepts={"weights": ("int8",)}, approximations=(narrow,))]
    assert approximations(Quantize(), offers) == ("7 bits",)
    assert approximations(Quantize(), offers, {"whole": False, "format": "y"}) == ("7 bits",)
    assert approximations(Quantize(), offers, {"whole": True}) == ()
    assert approximations(Quantize(), offers, {"format": "x"}) == ()


def test_the_best_offer_does_the_step_exactly() -> None:
    assert best_offer(Quantize(weights="int4"), [NEARLY, PLAIN]) is PLAIN
    assert approximations(Quantize(weights="int4"), [NEARLY, PLAIN]) == ()
    assert best_offer(Quantize(weights="int4", symmetric=True), [NEARLY, PLAIN]) is NEARLY


def test_of_equally_exact_offers_the_least_needy_is_best_then_the_first() -> None:
    needy = PLAIN.model_copy(update={"needs": ("samples",)})
    other = PLAIN.model_copy(update={"operators": ("Conv",)})
    assert best_offer(Quantize(), [needy, PLAIN, other]) is PLAIN


def test_where_nothing_fits_there_is_no_best_offer_and_nothing_nearly() -> None:
    assert best_offer(Quantize(weights="int2"), [NEARLY, PLAIN]) is None
    assert best_offer(Cluster(bits=4), [NEARLY, PLAIN]) is None
    assert approximations(Prune(sparsity=0.5), [NEARLY]) == ()


@pytest.mark.parametrize(
    "values",
    [
        {"op": "quantize", "accepts": {"wieghts": ("int8",)}},
        {"op": "prune", "accepts": {"weights": ("int8",)}},
        {"op": "quantize", "accepts": {"op": ("quantize",)}},
        {"op": "prune", "approximations": [{"setting": "spars", "value": 1, "how": "x"}]},
    ],
)
def test_an_offer_of_a_setting_that_does_not_exist_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="has no setting"):
        Offer.model_validate(values)


def test_a_refusal_of_a_setting_that_does_not_exist_is_refused() -> None:
    assert Refusal(op="prune", reason="x").setting is None
    with pytest.raises(ValidationError, match="did you mean 'structure'"):
        Refusal(op="prune", setting="structrue", reason="x")


def test_an_offer_survives_json() -> None:
    assert Offer.model_validate_json(NEARLY.model_dump_json()) == NEARLY
