"""Choose the way to quantize that a step asks for."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from boildown import (
    Artifact,
    StepOutcome,
    UnsupportedError,
    Warned,
    about_one_bit,
    selected_layers,
)

from .activations import quantize_activations, quantize_as_trained
from .chain import code_bits, has_one_scale, index_bits
from .formats import FORMATS, setting
from .network import quantize_network
from .offers.quantize import COMPUTES_IN_HALVES
from .package import Method, compress, input_channels, open_package, partial
from .tables import evenly_spaced
from .toolkit import cto

if TYPE_CHECKING:
    from pathlib import Path

    from boildown import Context, Layer, Quantize

#: coremltools' own.
_BLOCK = 32


def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Carry out the step: float16, weights of 8 to 1 bits, or int8 activations as well.

    Raises UnsupportedError as `open_package` does, and where settings exclude each other.
    """
    if "activation_mode" in context.settings and step.activations != "int8":
        raise UnsupportedError("activation_mode goes with `activations: int8` only")
    if setting(context, "format", FORMATS) == "mlmodel":
        return quantize_network(model, step, context)
    if "mode" in context.settings:
        raise UnsupportedError(f"mode {context.settings['mode']} goes with format mlmodel only")
    if step.weights == "float16":
        return _halved(open_package(model, context), step, context)
    warnings = about_one_bit(step, context)
    if step.train is not None:
        from .training.quantizing import learn_to_round

        trained, learned = learn_to_round(model, step, context)
        layers, warnings = trained.layers, (*warnings, *trained.warnings)
        package = open_package(trained.artifact, context)
        if step.activations == "int8":
            package, noted = quantize_as_trained(package, learned, context)
            warnings = (*warnings, *noted)
        outcome = compress(package, layers, _codes(step, context), context, "quantize")
        warnings = (*warnings, *outcome.warnings)
        return outcome.model_copy(update={"warnings": warnings, "epochs": trained.epochs})
    package, layers = open_package(model, context), selected_layers(step, context)
    if step.activations == "int8":
        package, noted = quantize_activations(package, layers, step, context)
        warnings = (*warnings, *noted)
    warnings = (*warnings, *_undivided(step, layers))
    method = _codes(step, context) if step.weights in {"int8", "int4"} else _tables(step)
    outcome = compress(package, layers, method, context, "quantize")
    warnings = (*warnings, *_wider(step), *outcome.warnings)
    return outcome.model_copy(update={"warnings": warnings})


def _halved(package: Path, step: Quantize, context: Context) -> StepOutcome:
    """Copy the program: the first step has converted to float16, since it saw this one coming."""
    path = context.workdir / "float16.mlpackage"
    shutil.copytree(package, path)
    nearly = (COMPUTES_IN_HALVES,) if step.activations == "float32" else ()
    return StepOutcome(artifact=Artifact(path=path, format="mlpackage"), approximations=nearly)


def _codes(step: Quantize, context: Context) -> Method:
    """Return linear quantization; where values are shared before or after, one scale for all."""
    whole = has_one_scale(step, context.steps)

    def config(layer: Layer) -> Any:
        scales: dict[str, Any] = {"granularity": "per_tensor" if whole else "per_channel"}
        if step.granularity == "block" and _divides(step, layer):
            scales = {"granularity": "per_block", "block_size": _block(step)}
        return cto.OpLinearQuantizerConfig(
            mode="linear" if step.symmetric is False else "linear_symmetric",
            dtype=step.weights,
            weight_threshold=0,
            **scales,
        )

    why = "coremltools leaves constants, and tables, of fewer than 10 numbers"
    if step.granularity == "block":
        why += f", and blocks of {_block(step)} must divide the input channels"
    return Method(cto.linear_quantize_weights, config, why)


def _block(step: Quantize) -> int:
    return step.block_size or _BLOCK


def _divides(step: Quantize, layer: Layer) -> bool:
    return input_channels(layer) % _block(step) == 0


def _undivided(step: Quantize, layers: list[Layer]) -> tuple[Warned, ...]:
    """Name the layers that have a scale a channel, since blocks would not fit into it."""
    if step.granularity != "block":
        return ()
    size = _block(step)
    # A channel that is no longer than a block is one.
    names = [x.name for x in layers if input_channels(x) > size and not _divides(step, x)]
    why = f"their input channels are no multiple of {size}, so they have one scale a channel"
    return partial(names, len(layers), "blocks", why)


def _tables(step: Quantize) -> Method:
    """Return a table of evenly spaced values, since codes of these widths are not stored."""
    group: dict[str, Any] = {"granularity": "per_tensor"}
    if step.granularity == "channel":
        group = {"granularity": "per_grouped_channel", "group_size": 1}
    config = cto.OpPalettizerConfig(
        mode="custom", lut_function=evenly_spaced(step), weight_threshold=0, **group
    )
    why = "coremltools leaves constants of fewer than 10 numbers"
    return Method(cto.palettize_weights, lambda _: config, why)


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
