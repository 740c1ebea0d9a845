"""Choose the way to quantize that a step asks for, and import that one only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import (
    Cluster,
    UnsupportedError,
    Warned,
    quantize_weights,
    refuse_eight_bits_of_seven,
)

from .quiet import quietly

if TYPE_CHECKING:
    from boildown import Artifact, Context, Quantize, StepOutcome


def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Carry out the step: static or dynamic int8, or weights of few bits, trained or not.

    Training moves every weight by itself, so values that an earlier step has shared part: where
    that is so, a warning says it.
    """
    if step.activations != "int8" and "reduce_range" in context.settings:
        raise UnsupportedError("`reduce_range` is about static int8, which this step is not")
    refuse_eight_bits_of_seven(step, context.settings)
    outcome = _quantized(model, step, context)
    earlier = context.steps[: context.index]
    if step.train is None or not any(isinstance(before, Cluster) for before in earlier):
        return outcome
    parted = Warned(
        code="PARTIAL",
        text="training with rounded weights moves each weight by itself: the values that `cluster`"
        " shared are no longer shared; quantize without `train` to keep them",
    )
    return outcome.model_copy(update={"warnings": (*outcome.warnings, parted)})


def _quantized(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    if step.activations == "int8":
        with quietly():  # torchao warns of its own source while it is imported
            from .static import step as static

        return static.quantize(model, step, context)
    if step.activations == "dynamic":
        from .dynamic import step as dynamic

        return dynamic.quantize(model, step, context)
    if step.train is not None:
        from . import learned

        return learned.quantize(model, step, context)
    return quantize_weights(model, step, context)
