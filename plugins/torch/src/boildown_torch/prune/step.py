"""Choose how a step prunes: zeros at once, zeros while training, or channels removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import UnsupportedError

from .channel import remove
from .gradual import zero_while_training
from .zeroing import zero

if TYPE_CHECKING:
    from boildown import Artifact, Context, Prune, StepOutcome


def prune(model: Artifact, step: Prune, context: Context) -> StepOutcome:
    """Zero weights or remove channels.

    Raises UnsupportedError where the network stands in the way, by node and reason, or `round_to`
    is given and no channels are removed.
    """
    if step.structure == "channel":
        return remove(model, step, context)
    if "round_to" in context.settings:
        raise UnsupportedError(
            f"`round_to` rounds channels, and structure {step.structure!r} removes none; leave it"
            " out, or give `structure: channel`"
        )
    if step.schedule != "one-shot":
        return zero_while_training(model, step, context)
    return zero(model, step, context)
