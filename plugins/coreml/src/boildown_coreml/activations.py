"""Activations in 8 bits: coremltools' quantizer, with ranges from the translated program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from boildown import UnsupportedError, batches, source_layers

from .calibrating import activation_ranges, calibrated
from .chain import precision_of
from .formats import ACTIVATION_MODES, setting
from .package import partial
from .stored import first_uses, weight_users
from .toolkit import ct, cto, silently
from .translator import read_program

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from boildown import Context, Layer, Warned

_QUANTIZED = ("conv", "linear")


def quantize_activations(
    package: Path, layers: Sequence[Layer], context: Context
) -> tuple[Path, tuple[Warned, ...]]:
    """Quantize what goes into the selected layers, and into pools and sums where all are.

    Returns the program with warnings of the layers whose inputs stay as they were. Raises
    UnsupportedError where nothing can be quantized.
    """
    function = read_program(package)
    first = first_uses(source_layers(context.network.path))
    places = {first[layer.weight] for layer in layers}
    done = {
        operator.name: place
        for place, _weight, operator in weight_users(function)
        if place in places and operator.op_type in _QUANTIZED
    }
    kept = [layer for layer in layers if first[layer.weight] not in done.values()]
    why = "Core ML quantizes what goes into convolutions and linear layers"
    if not done:
        kinds = ", ".join(sorted({f"{layer.op} ({layer.name})" for layer in kept}))
        raise UnsupportedError(f"{why}, and this network has only {kinds}")
    config = cto.OpLinearQuantizerConfig(
        mode=setting(context, "activation_mode", ACTIVATION_MODES), dtype="int8"
    )
    whole = len(layers) == len(set(first.values()))
    settings = (
        {"global_config": config} if whole else {"op_name_configs": dict.fromkeys(done, config)}
    )
    ranges = activation_ranges(
        package, _samples(function, context), context.workdir, context.threads
    )
    precision = precision_of(context)
    far = [x for x in ranges.values() if max(-x["rmin"], x["rmax"]) > np.finfo(precision).max]
    if far:
        raise UnsupportedError(f"{len(far)} values reach beyond what {precision} can hold")
    path = context.workdir / "activations.mlpackage"
    with silently(), calibrated(ranges, precision):
        model = ct.models.MLModel(str(package), skip_model_load=True)
        cto.linear_quantize_activations(model, cto.OptimizationConfig(**settings), [{}]).save(
            str(path)
        )
    return path, partial([x.name for x in kept], len(layers), "activations", why)


def _samples(function: Any, context: Context) -> Iterator[dict[str, np.ndarray]]:
    """Yield the calibration split in the batches that the program takes, under its names."""
    assert context.data is not None  # noqa: S101 - the offer needs samples
    ours = list(function.inputs)
    theirs = [port.name for port in onnx.load(context.network.path).graph.input]
    size = int(next(iter(function.inputs.values())).shape[0])
    for batch in batches(context.data, "calibration", size):
        if len(next(iter(batch.inputs.values()))) == size:
            yield {name: batch.inputs[given] for name, given in zip(ours, theirs, strict=True)}
