"""What the PyTorch backend offers of distilling."""

from __future__ import annotations

from boildown import distilling_offers

DISTILL_OFFERS = distilling_offers(hints=(False, True))
