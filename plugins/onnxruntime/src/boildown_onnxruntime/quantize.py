"""Choose the way to quantize that a step asks for.

Only that one is imported: the parts of ONNX Runtime behind some of them take a second to load.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import UnsupportedError, quantize_weights, refuse_eight_bits_of_seven

if TYPE_CHECKING:
    from boildown import Artifact, Context, Quantize, StepOutcome


def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Carry out the step: static, dynamic, half precision, blocks, or the weights alone."""
    unread = {"reduce_range", "weight_type"} & {*context.settings}
    if step.activations != "int8" and unread:
        named = " and ".join(f"`{name}`" for name in sorted(unread))
        raise UnsupportedError(f"{named}: about static int8, which this step is not")
    refuse_eight_bits_of_seven(step, context.settings)
    if step.activations == "int8":
        from . import static

        return static.quantize(model, step, context)
    if step.activations == "dynamic":
        from . import dynamic

        return dynamic.quantize(model, step, context)
    if step.activations == "float16":
        from . import half

        return half.compute_in_float16(model, context)
    if step.granularity == "block":
        from . import matmul

        return matmul.quantize(model, step, context)
    return quantize_weights(model, step, context)
