"""Choose the way to quantize that a step asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boildown import (
    Artifact,
    StepOutcome,
    UnsupportedError,
    Warned,
    about_kernels,
    selected_layers,
)

from .activations import quantize_activations
from .chain import code_bits, index_bits
from .formats import FORMATS, setting
from .network import quantize_network
from .package import Method, compress, open_package
from .tables import evenly_spaced
from .toolkit import cto

if TYPE_CHECKING:
    from boildown import Context, Quantize

#: coremltools' own.
_BLOCK = 32


def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Carry out the step: float16, weights of 8 to 1 bits, or int8 activations as well.

    Raises UnsupportedError as `open_package` does, and where settings exclude each other.
    """
    if setting(context, "format", FORMATS) == "mlmodel":
        return quantize_network(model, step, context)
    if "mode" in context.settings:
        raise UnsupportedError(f"mode {context.settings['mode']} goes with format mlmodel only")
    package = open_package(model, context)
    if step.weights == "float16":
        # The first step has converted to float16 already, since it saw this one coming.
        return StepOutcome(artifact=Artifact(path=package, format="mlpackage"))
    layers, warnings = selected_layers(step, context), about_kernels(step)
    if step.activations == "int8":
        package, noted = quantize_activations(package, step, layers, context)
        warnings = (*warnings, *noted)
    method = _codes(step, context) if step.weights in {"int8", "int4"} else _tables(step)
    outcome = compress(package, layers, method, context, "quantize")
    warnings = (*warnings, *_wider(step), *outcome.warnings)
    return outcome.model_copy(update={"warnings": warnings})


def _codes(step: Quantize, context: Context) -> Method:
    """Return linear quantization; of tables that an earlier step has made, one scale each."""
    shared = any(earlier.op == "cluster" for earlier in context.steps[: context.index])
    whole = step.granularity == "tensor" or shared
    kind = "block" if step.granularity == "block" else "tensor" if whole else "channel"
    size = step.block_size or _BLOCK
    config = cto.OpLinearQuantizerConfig(
        mode="linear" if step.symmetric is False else "linear_symmetric",
        dtype=step.weights,
        granularity=f"per_{kind}",
        **({"block_size": size} if kind == "block" else {}),
        weight_threshold=0,
    )
    why = "coremltools leaves constants, and tables, of fewer than 10 numbers"
    if kind == "block":
        why = f"their input channels are no multiple of {size}"
    return Method(cto.linear_quantize_weights, config, why)


def _tables(step: Quantize) -> Method:
    """Return a table of evenly spaced values, since codes of these widths are not stored."""
    group: dict[str, Any] = {"granularity": "per_tensor"}
    if step.granularity == "channel":
        group = {"granularity": "per_grouped_channel", "group_size": 1}
    config = cto.OpPalettizerConfig(
        mode="custom", lut_function=evenly_spaced(step), weight_threshold=0, **group
    )
    why = "coremltools leaves constants of fewer than 10 numbers"
    return Method(cto.palettize_weights, config, why)


def _wider(step: Quantize) -> tuple[Warned, ...]:
    """Say where the file takes more bits than were asked for."""
    if step.weights in {"int8", "int4"}:
        return ()
    bits = code_bits(step)
    stored = index_bits(2**bits)
    text = f"an ML Program stores int{bits} as indices into a table of its values"
    if stored > bits:
        text += f", and has none of {bits} bits: they take {stored}"
    return (Warned(code="NOTE", text=text),)
