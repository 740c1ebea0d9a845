"""What the TensorFlow Lite backend offers of distilling."""

from __future__ import annotations

from boildown import Refusal, distilling_offers

DISTILL_OFFERS = distilling_offers()
DISTILL_REFUSALS = (
    Refusal(
        op="distill",
        setting="hints",
        value=True,
        reason="only soft targets are taught here; the `torch` backend knows hints",
    ),
)
