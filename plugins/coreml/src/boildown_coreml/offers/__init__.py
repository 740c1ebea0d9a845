"""What the Core ML backend offers, and why it refuses the rest; a module an operation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cluster import CLUSTER_OFFERS, CLUSTER_REFUSALS
from .prune import PRUNE_OFFERS, PRUNE_REFUSALS
from .quantize import QUANTIZE_OFFERS, QUANTIZE_REFUSALS
from .training import NO_TRAINING_REFUSALS, TRAINER, TRAINING_OFFERS, can_train

if TYPE_CHECKING:
    from boildown import Offer, Refusal

_OFFERS = (*QUANTIZE_OFFERS, *CLUSTER_OFFERS, *PRUNE_OFFERS)
_REFUSALS = (*QUANTIZE_REFUSALS, *CLUSTER_REFUSALS, *PRUNE_REFUSALS)


def offers() -> tuple[Offer, ...]:
    """Return the offers, with those that train where boildown-torch is installed."""
    return (*_OFFERS, *(TRAINING_OFFERS if can_train() else ()))


def refusals() -> tuple[Refusal, ...]:
    """Return why the rest is refused."""
    return (*_REFUSALS, *(() if can_train() else NO_TRAINING_REFUSALS))


def needs() -> tuple[str, ...]:
    """Return the distributions that the backend works with."""
    trainer = (TRAINER, "torch") if can_train() else ()
    return ("coremltools", "onnx2coreml", "scikit-learn", *trainer)
