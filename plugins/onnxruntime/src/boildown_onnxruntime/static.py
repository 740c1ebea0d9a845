"""Static quantization: int8 weights and activations, with ranges calibrated on samples.

QDQ format, uint8 activations and int8 weights: what ONNX Runtime recommends for x86 and runs with
integer kernels (https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from boildown import Artifact, StepOutcome, Warned
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static

from .calibrate import Samples
from .graph import constants, other_nodes, read, selected_layers, users_of
from .prepare import prepared
from .quiet import prints_logged

if TYPE_CHECKING:
    from pathlib import Path

    from boildown import Context, Layer, Quantize

_OBSERVERS = {
    None: CalibrationMethod.MinMax,
    "minmax": CalibrationMethod.MinMax,
    "entropy": CalibrationMethod.Entropy,
    "percentile": CalibrationMethod.Percentile,
}
_SCALED = (
    "weights that a batch norm was folded into have one set of codes, but its factor of each"
    " channel in the scale"
)
#: Largest code of a weight, with and without the bit that keeps products from saturating.
_MOST = {True: 63, False: 127}


def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Quantize the selected layers and everything between them with `quantize_static`."""
    narrow = step.weights == "int7" or bool(context.settings.get("reduce_range", True))
    layers = selected_layers(step, context)
    source, path = prepared(model, layers, context), context.workdir / "static.onnx"
    samples = Samples(context)
    overrides = (
        _shared_codes(model, source, users_of(layers, context), _MOST[narrow])
        if step.granularity == "tensor"
        else {}
    )
    with prints_logged():
        quantize_static(
            source,
            path,
            samples,
            quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            per_channel=step.granularity != "tensor",
            reduce_range=narrow,
            calibrate_method=_OBSERVERS[step.observer],
            nodes_to_exclude=other_nodes(layers, context),
            extra_options={
                "CalibStridedMinMax": 1,
                "MatMulConstBOnly": True,
                "TensorQuantOverrides": overrides,
            },
        )
    return _told(path, step, narrow=narrow, scaled=bool(overrides))


def _told(path: Path, step: Quantize, *, narrow: bool, scaled: bool) -> StepOutcome:
    approximations: tuple[str, ...] = ()
    warnings: tuple[Warned, ...] = ()
    if narrow and step.weights == "int8":
        approximations = (
            "weights use 7 of the 8 bits, so that products cannot saturate on CPUs without VNNI",
        )
    if scaled:
        approximations += (_SCALED,)
    if not narrow:
        warnings = (
            Warned(
                code="NOTE",
                text="weights use all 8 bits: on x86 CPUs without VNNI, sums of two products may "
                "saturate, so accuracy there differs from that on other CPUs",
            ),
        )
    return StepOutcome(
        artifact=Artifact(path=path), approximations=approximations, warnings=warnings
    )


def _shared_codes(
    model: Artifact, source: Path, layers: list[Layer], most: int
) -> dict[str, list[dict[str, Any]]]:
    """Return scales that give a tensor one set of codes although a batch norm was folded into it.

    Folding multiplies each channel by a factor of its own, which would scatter the few values of
    a clustered tensor. The factor goes into the channel's scale instead, with its sign: code =
    weight / scale is then that of the unfolded tensor.
    """
    before, folded = constants(read(model)), onnx.load(source)
    after = constants(folded)
    weight_of = {node.name: node.input[1] for node in folded.graph.node if len(node.input) > 1}
    found: dict[str, list[dict[str, Any]]] = {}
    for layer in layers:
        name = weight_of.get(layer.node, "")
        if name not in after or name == layer.weight:
            continue
        old = np.moveaxis(numpy_helper.to_array(before[layer.weight]), layer.axis, 0)
        new = np.moveaxis(numpy_helper.to_array(after[name]), layer.axis, 0)
        if old.shape != new.shape:
            continue
        found[name] = [
            {
                "axis": layer.axis,
                "quant_type": QuantType.QInt8,
                "scale": np.array(value, np.float32),
                "zero_point": np.array(0, np.int8),
            }
            for value in _factors(old, new) * (np.abs(old).max() or 1) / most
        ]
    return found


def _factors(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Return by what each channel (the first axis) was multiplied; 1 where it is all zeros."""
    before, after = (weight.reshape(len(weight), -1) for weight in (old, new))
    places = np.arange(len(before)), np.abs(before).argmax(axis=1)
    usable = (before[places] != 0) & (after[places] != 0)
    factors: np.ndarray = np.where(usable, after[places], 1) / np.where(usable, before[places], 1)
    return factors
