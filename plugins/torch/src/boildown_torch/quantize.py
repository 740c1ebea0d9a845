"""Choose the way to quantize that a step asks for, and import that one only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import quantize_weights

from .quiet import quietly

if TYPE_CHECKING:
    from boildown import Artifact, Context, Quantize, StepOutcome


def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Carry out the step: static or dynamic int8, or weights of few bits, trained or not."""
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
