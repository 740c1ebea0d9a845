"""Choose the way to quantize that a step asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import codes, dynamic, half, matmul, static

if TYPE_CHECKING:
    from boildown import Artifact, Context, Quantize, StepOutcome


def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Carry out the step: static, dynamic, half precision, blocks, or codes of single weights."""
    if step.activations == "int8":
        return static.quantize(model, step, context)
    if step.activations == "dynamic":
        return dynamic.quantize(model, step, context)
    if step.activations == "float16":
        return half.compute_in_float16(model, context)
    if step.weights in ("float16", "bfloat16"):
        return half.store_weights(model, step, context)
    if step.granularity == "block":
        return matmul.quantize(model, step, context)
    return codes.quantize(model, step, context)
