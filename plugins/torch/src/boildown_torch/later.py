"""What a later static int8 will do to weights, so that a step before it can go ahead of that.

It folds batch norms, which multiplies every channel of a weight by a factor of its own; and with
granularity `tensor` it rounds all weights of a layer to multiples of one number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import Quantize, selected_layers

from .static.grid import greatest_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boildown import Context

_OPERATORS = ("Conv", "Gemm", "MatMul")


def folds_batch_norms(context: Context) -> bool:
    """Tell whether a later step of the chain is static int8."""
    return any(True for _ in _static(context))


def greatest_codes(context: Context) -> dict[str, int]:
    """Return the greatest code of the weights that are rounded to one grid a layer, by name."""
    for step in _static(context):
        if step.granularity == "tensor" and step.train is None:
            # What ships is said in `context.settings`, for every step.
            form = {"format": context.settings.get("format", "onnx")}
            most = greatest_code(step, form | step.with_.get("torch", {}))
            chosen = selected_layers(step, context)
            return {layer.weight: most for layer in chosen if layer.op in _OPERATORS}
    return {}


def _static(context: Context) -> Iterator[Quantize]:
    for step in context.steps[context.index + 1 :]:
        if isinstance(step, Quantize) and step.activations == "int8":
            yield step
