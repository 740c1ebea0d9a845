"""Weights of few bits in a neural network (`.mlmodel`), by coremltools' quantizer of that format.

Its k-means writes no table (or fails, by the version of protobuf), so tables are given to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from boildown import (
    Artifact,
    Cluster,
    StepOutcome,
    UnsupportedError,
    about_one_bit,
    read_graph,
    selected_layers,
)

from .chain import code_bits
from .checking import refuse_unlike
from .convert import convert_network
from .formats import refuse_unfit_settings
from .neuralnetwork import SourcePlaces, check_network, stored_network_weights
from .package import partial
from .tables import clustered, evenly_spaced
from .toolkit import ct, network_quantization, silently

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boildown import Context, Layer, Quantize
    from onnx import ModelProto

    from .formats import NetworkMode
    from .tables import Table

_HALF, _BYTE = 16, 8


def quantize_network(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Store the selected weights in 16 or 8 to 1 bits.

    Raises UnsupportedError where the mode cannot do what the step says of its codes.
    """
    layers = selected_layers(step, context)
    if step.activations != "float32":
        raise UnsupportedError(
            f"activations {step.activations}: a neural network computes in what the device"
            " chooses; ship an mlpackage"
        )
    if step.weights == "float16":
        if "mode" in context.settings:
            raise UnsupportedError(f"mode {context.settings['mode']}: halves have no codes")
        return _stored(model, layers, context, _HALF, "linear")
    mode, bits = _mode(step, context), code_bits(step)
    if mode == "custom_lut":
        outcome = store_tables(model, layers, context, evenly_spaced(step), bits)
    elif mode == "kmeans_lut":
        table = clustered(Cluster(values=2**bits), context.seed)
        outcome = store_tables(model, layers, context, table, bits)
    else:
        outcome = _stored(model, layers, context, bits, mode)
    warnings = (*about_one_bit(step, context), *outcome.warnings)
    return outcome.model_copy(update={"warnings": warnings})


def store_tables(
    model: Artifact, layers: Sequence[Layer], context: Context, table: Table, bits: int
) -> StepOutcome:
    """Store the selected weights as indices of so many bits into a table for each layer."""

    def look_up(_bits: int, weight: np.ndarray) -> tuple[list[float], np.ndarray]:
        # Numbers are stored as float32, and coremltools gives float64.
        values, indices = table(weight.astype(np.float32))
        return values[: 2**bits].tolist(), indices

    return _stored(model, layers, context, bits, "custom_lut", lut_function=look_up)


def _mode(step: Quantize, context: Context) -> NetworkMode:
    """Return the mode that the recipe names, else one that does what the step says."""
    codes = step.weights == "int8" and step.symmetric is not False
    if "mode" in context.settings:
        mode: NetworkMode = context.settings["mode"]
    elif step.weights == "int1" or step.granularity == "tensor" or step.observer == "mse":
        mode = "custom_lut"
    else:
        mode = "linear_symmetric" if codes else "linear"
    wrong = {
        "linear_symmetric has 8 bits": mode == "linear_symmetric" and step.weights != "int8",
        f"{mode} is not symmetric": mode in {"linear", "linear_lut"} and bool(step.symmetric),
        f"{mode} is symmetric": mode == "linear_symmetric" and step.symmetric is False,
        f"{mode} has one table a layer": mode.endswith("lut") and step.granularity == "channel",
        f"{mode} has a scale a channel": mode.startswith("linear")
        and mode != "linear_lut"
        and step.granularity == "tensor",
        f"{mode} takes the whole range": mode != "custom_lut" and step.observer == "mse",
        f"{mode} knows neither range nor zero point": mode == "kmeans_lut"
        and (step.observer is not None or step.symmetric is not None),
    }
    if problems := [text for text, holds in wrong.items() if holds]:
        raise UnsupportedError(f"format mlmodel: {'; '.join(problems)}; the step asks for more")
    return mode


def _stored(
    model: Artifact,
    layers: Sequence[Layer],
    context: Context,
    bits: int,
    mode: NetworkMode,
    **more: Any,
) -> StepOutcome:
    if model.format != "onnx":
        raise UnsupportedError(
            "the weights of a neural network are compressed once; ship an mlpackage for several"
            " steps"
        )
    refuse_unfit_settings(context)
    source, path = read_graph(model), context.workdir / "quantize.mlmodel"
    plain = convert_network(source, context.workdir / "float.mlmodel")
    selector = _Selected(source, layers)
    with silently():
        full = ct.models.MLModel(str(plain.path), skip_model_load=True)
        made = network_quantization.quantize_weights(full, bits, mode, selector=selector, **more)
        made.save(str(path))
    check_network(path, source)
    before, after = (stored_network_weights(file, source) for file in (plain.path, path))
    chosen = [place for place in after if selector.holds(place)]
    refuse_unlike(before, after, chosen, selector.places.layers)
    left = [
        selector.places.layers[place].name
        for place in chosen
        if after[place][0].bits == before[place][0].bits
    ]
    why = "coremltools has no compressed form of them in a neural network"
    warnings = partial(left, len(layers), "quantize", why)
    return StepOutcome(artifact=Artifact(path=path, format="mlmodel"), warnings=warnings)


class _Selected(network_quantization.QuantizedLayerSelector):  # type: ignore[misc]  # has no types
    """Tells coremltools which layers of a network, and that never a bias."""

    def __init__(self, source: ModelProto, layers: Sequence[Layer]) -> None:
        super().__init__()
        self.places = SourcePlaces(source)
        self._weights = {layer.weight for layer in layers}

    def holds(self, place: int) -> bool:
        """Tell whether the layer at a place of the source is selected."""
        return self.places.layers[place].weight in self._weights

    def do_quantize(self, layer: Any, weight_param: str = "") -> bool:
        place = self.places(layer)
        known = super().do_quantize(layer)
        return bool(known) and place is not None and self.holds(place) and weight_param != "bias"
