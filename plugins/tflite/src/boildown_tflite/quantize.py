"""Choose the precision that a step asks for, and write the `.tflite` file of it.

Quantizing ends the chain: what it makes is the file that ships.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import (
    Artifact,
    StepOutcome,
    Warned,
    about_halves,
    calibration_batches,
    initializers,
    read_graph,
    source_layers,
)
from onnx import numpy_helper

from .convert import to_tflite
from .edge import covers, quantize_weights
from .importer import import_onnx
from .offers.quantize import OF_WEIGHTS_ALONE

if TYPE_CHECKING:
    from boildown import Context, Quantize

    from .convert import Converted, Mode

#: Samples that are held in memory at once while calibrating.
_BATCH = 16
#: So many layers that keep float32 are named.
_TOLD = 6


def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Carry out the step: weights alone, dynamic, int8, int16 × int8, or int8 while training.

    Raises UnsupportedError where the network cannot be imported or converted, DataError where the
    samples that the step needs are missing.
    """
    outcome = _quantized(model, step, context)
    if not (step.symmetric and step.activations == "int8"):
        return outcome
    nearly = (*outcome.approximations, OF_WEIGHTS_ALONE)
    return outcome.model_copy(update={"approximations": nearly})


def _quantized(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    if step.train is not None:
        from .aware import quantize as quantize_aware

        return quantize_aware(model, step.train, context)
    graph = read_graph(model)
    imported = import_onnx(graph)
    io = context.settings.get("io", "float32")
    if covers(step):
        plain = to_tflite(imported.model, graph, imported.layers, "float32", io=io)
        return saved(quantize_weights(plain.content, step), context)
    mode = _mode(step)
    needed = step.activations in {"int8", "int16"}
    samples = calibration_batches(context, _BATCH) if needed else ()
    converted = to_tflite(imported.model, graph, imported.layers, mode, samples, io=io)
    outcome = saved(converted, context)
    if mode != "float16":
        return outcome
    tensors = initializers(graph)
    weights = {layer.name: layer.weight for layer in source_layers(context.network.path)}
    arrays = {name: numpy_helper.to_array(tensors[weight]) for name, weight in weights.items()}
    return outcome.model_copy(update={"approximations": about_halves(arrays, mode)})


def saved(converted: Converted, context: Context, epochs: int = 0) -> StepOutcome:
    """Write the file, and warn of the layers that it keeps in float32."""
    path = context.workdir / "model.tflite"
    path.write_bytes(converted.content)
    warnings = _kept_float(converted.left)
    return StepOutcome(
        artifact=Artifact(path=path, format="tflite"), epochs=epochs, warnings=warnings
    )


def _mode(step: Quantize) -> Mode:
    if step.weights == "float16":
        return "float16"
    modes: dict[str, Mode] = {"dynamic": "dynamic", "int8": "int8", "int16": "int16x8"}
    return modes[str(step.activations)]


def _kept_float(layers: tuple[str, ...]) -> tuple[Warned, ...]:
    if not layers:
        return ()
    named = ", ".join(map(repr, layers[:_TOLD]))
    more = f" and {len(layers) - _TOLD} more" if len(layers) > _TOLD else ""
    text = f"TensorFlow Lite keeps {len(layers)} layers in float32: {named}{more}"
    return (Warned(code="PARTIAL", text=text),)
