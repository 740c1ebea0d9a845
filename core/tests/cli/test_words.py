"""Offers as people read them."""

from __future__ import annotations

from boildown import Offer
from boildown.cli.words import offers_in_words


def test_a_setting_that_an_offer_never_takes_is_said_to_be_none() -> None:
    offer = Offer(op="quantize", accepts={"weights": ("float16",), "layers": ()})
    assert offers_in_words([offer]) == ["quantize: weights float16; no layers"]
