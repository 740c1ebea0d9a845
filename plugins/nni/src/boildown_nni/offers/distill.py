"""What the NNI backend offers of distilling."""

from __future__ import annotations

from boildown import Refusal, distilling_offers

DISTILL_OFFERS = distilling_offers()
DISTILL_REFUSALS = (
    Refusal(
        op="distill",
        setting="hints",
        value=True,
        reason="NNI compares maps of equal shape only, and those of a narrower student differ; the"
        " torch backend fits them to each other",
    ),
)
