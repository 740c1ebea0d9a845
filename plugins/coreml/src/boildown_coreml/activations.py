"""Activations in 8 bits: coremltools' quantizer, with ranges from the translated program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from boildown import UnsupportedError, calibration_batches, source_layers

from .calibrating import activation_ranges, calibrated, of_inputs_alone
from .chain import precision_of
from .formats import ACTIVATION_MODES, setting
from .package import partial
from .stored import first_uses, weight_users
from .toolkit import ct, cto, silently
from .translator import read_program

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from boildown import Context, Layer, Quantize, Warned

    from .calibrating import Range, Ranges
    from .formats import ActivationMode

_QUANTIZED = ("conv", "linear")


def quantize_activations(
    package: Path, layers: Sequence[Layer], step: Quantize, context: Context
) -> tuple[Path, tuple[Warned, ...]]:
    """Quantize what goes into the selected layers, and into pools and sums where all are.

    Ranges are those of the calibration samples. Returns the program with warnings of the layers
    whose inputs stay as they were. Raises UnsupportedError where nothing can be quantized, or
    `symmetric` and `activation_mode` contradict each other.
    """
    function = read_program(package)
    first = first_uses(source_layers(context.network.path))
    places = {first[layer.weight] for layer in layers}
    readers = {name: place for name, (place, _) in _readers(function).items() if place in places}
    kept = [layer for layer in layers if first[layer.weight] not in readers.values()]
    why = "Core ML quantizes what goes into convolutions and linear layers"
    if not readers:
        kinds = ", ".join(sorted({f"{layer.op} ({layer.name})" for layer in kept}))
        raise UnsupportedError(f"{why}, and this network has only {kinds}")
    ranges = activation_ranges(
        package, _samples(function, context), context.workdir, context.threads
    )
    mode = _mode(step, context)
    whole = len(layers) == len(set(first.values()))
    path = _quantized(package, ranges, mode, None if whole else readers, context)
    return path, partial([x.name for x in kept], len(layers), "activations", why)


def _mode(step: Quantize, context: Context) -> ActivationMode:
    """Return whether codes have a zero point: the setting says so, else `symmetric`."""
    if "activation_mode" not in context.settings:
        return "linear" if step.symmetric is False else "linear_symmetric"
    mode = setting(context, "activation_mode", ACTIVATION_MODES)
    if step.symmetric is not None and step.symmetric != (mode == "linear_symmetric"):
        raise UnsupportedError(
            f"activation_mode {mode} contradicts `symmetric: {str(step.symmetric).lower()}`"
        )
    return mode


def quantize_as_trained(
    package: Path, learned: dict[str, Range], context: Context
) -> tuple[Path, tuple[Warned, ...]]:
    """Quantize what goes into layers over the ranges that training has found, by layer.

    Otherwise as `quantize_activations`. What training has rounded around a code for 0 of its own
    gets that code.
    """
    if "activation_mode" in context.settings:
        raise UnsupportedError("activation_mode: training decides it; leave it out, or `train`")
    layers = source_layers(context.network.path)
    ranges, done = dict[str, "Range"](), dict[str, str]()
    for name, (place, value) in _readers(read_program(package)).items():
        layer = layers[place].name
        if layer in learned:
            ranges[value], done[name] = learned[layer], layer
    lost = [layer for layer in learned if layer not in done.values()]
    why = "the program has no such convolution or linear layer"
    with of_inputs_alone():
        path = _quantized(package, ranges, "linear", done, context)
    return path, partial(lost, len(learned), "activations", why)


def _readers(function: Any) -> dict[str, tuple[int, str]]:
    """Return, by operator that can be quantized, the place of its layer and what it reads."""
    return {
        operator.name: (place, operator.inputs["x"].name)
        for place, _weight, operator in weight_users(function)
        if operator.op_type in _QUANTIZED
    }


def _quantized(
    package: Path,
    ranges: Ranges,
    mode: ActivationMode,
    operators: Iterable[str] | None,
    context: Context,
) -> Path:
    """Quantize what these operators read, None: wherever coremltools can."""
    precision = precision_of(context)
    far = [x for x in ranges.values() if max(-x["rmin"], x["rmax"]) > np.finfo(precision).max]
    if far:
        raise UnsupportedError(f"{len(far)} values reach beyond what {precision} can hold")
    config = cto.OpLinearQuantizerConfig(mode=mode, dtype="int8")
    settings = (
        {"global_config": config}
        if operators is None
        else {"op_name_configs": dict.fromkeys(operators, config)}
    )
    path = context.workdir / "activations.mlpackage"
    with silently(), calibrated(ranges, precision):
        model = ct.models.MLModel(str(package), skip_model_load=True)
        cto.linear_quantize_activations(model, cto.OptimizationConfig(**settings), [{}]).save(
            str(path)
        )
    return path


def _samples(function: Any, context: Context) -> Iterator[dict[str, np.ndarray]]:
    """Yield the calibration split in the batches that the program takes, under its names."""
    ours = list(function.inputs)
    theirs = [port.name for port in onnx.load(context.network.path).graph.input]
    size = int(next(iter(function.inputs.values())).shape[0])
    for inputs in calibration_batches(context, size):
        yield {name: _taken(inputs[given]) for name, given in zip(ours, theirs, strict=True)}


def _taken(values: np.ndarray) -> np.ndarray:
    """Return a sample as a program takes it, whose only whole numbers have 32 bits."""
    return values.astype(np.int32) if values.dtype.kind in "iu" else values
