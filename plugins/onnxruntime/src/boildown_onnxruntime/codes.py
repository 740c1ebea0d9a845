"""Weight-only quantization: integer codes and a scale, from which the graph rebuilds the weight.

`Cast` and `Mul` (and `Sub`, for a zero point) are folded by ONNX Runtime when it loads the file,
so the model computes as before and only the file is small. `DequantizeLinear` would not be folded:
it ran five times slower. The codes of less than 8 bits are packed when the file is deployed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from boildown import StepOutcome
from onnx import TensorProto, helper, numpy_helper

from .graph import constants, put_first, read, selected_layers, write

if TYPE_CHECKING:
    from boildown import Artifact, Context, Layer, Quantize
    from onnx import NodeProto


def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Give every selected layer integer codes of the asked bits, per output channel or tensor."""
    graph = read(model)
    tensors = constants(graph)
    nodes: list[NodeProto] = []
    for layer in selected_layers(step, context):
        tensor = tensors[layer.weight]
        weight = numpy_helper.to_array(tensor)
        parts = _encoded(weight, step, _axes(layer, step))
        nodes += _rebuilt(tensor.name, has_zero=parts[2] is not None)
        graph.graph.initializer.remove(tensor)
        graph.graph.initializer.extend(
            numpy_helper.from_array(values, name)
            for values, name in zip(parts, _names(tensor.name), strict=False)
            if values is not None
        )
    put_first(graph, nodes)
    return StepOutcome(artifact=write(graph, context, "codes"))


Parts = tuple["np.ndarray", "np.ndarray", "np.ndarray | None"]


def _encoded(weight: np.ndarray, step: Quantize, axes: tuple[int, ...]) -> Parts:
    """Return codes, scale and zero point of a weight; no zero point where it is 0."""
    if step.weights == "int1":
        return _binary(weight, axes)
    bits = int(step.weights.removeprefix("int"))
    return (_affine if step.symmetric is False else _symmetric)(weight, bits, axes)


def _axes(layer: Layer, step: Quantize) -> tuple[int, ...]:
    """Return the axes that share one scale: all, or all but that of the output channels."""
    axes = range(len(layer.shape))
    return tuple(axes if step.granularity == "tensor" else (a for a in axes if a != layer.axis))


def _symmetric(weight: np.ndarray, bits: int, axes: tuple[int, ...]) -> Parts:
    """Return codes from -(2^(b-1) - 1) to 2^(b-1) - 1 and scales; zero is the code 0."""
    most = 2 ** (bits - 1) - 1
    scale = np.abs(weight).max(axis=axes, keepdims=True) / most
    scale = np.where(scale == 0, 1, scale).astype(np.float32)
    codes = np.clip(np.rint(weight / scale), -most, most).astype(np.int8)
    return codes, scale, None


def _affine(weight: np.ndarray, bits: int, axes: tuple[int, ...]) -> Parts:
    """Return codes from 0 to 2^b - 1, scales and the codes of zero, which stays exact."""
    most = 2**bits - 1
    low = np.minimum(weight.min(axis=axes, keepdims=True), 0)
    high = np.maximum(weight.max(axis=axes, keepdims=True), 0)
    scale = ((high - low) / most).astype(np.float32)
    scale = np.where(scale == 0, np.float32(1), scale)
    zero = np.rint(-low / scale)
    codes = np.clip(np.rint(weight / scale) + zero, 0, most).astype(np.uint8)
    return codes, scale, zero.astype(np.float32)


def _binary(weight: np.ndarray, axes: tuple[int, ...]) -> Parts:
    """Return signs and the mean size of the weights (XNOR-Net, Rastegari et al., 2016)."""
    scale = np.abs(weight).mean(axis=axes, keepdims=True, dtype=np.float64).astype(np.float32)
    return np.where(weight < 0, np.int8(-1), np.int8(1)), scale, None


def _names(weight: str) -> tuple[str, str, str]:
    return f"{weight}/codes", f"{weight}/scale", f"{weight}/zero"


def _rebuilt(weight: str, *, has_zero: bool) -> list[NodeProto]:
    """Return the nodes that compute the weight under its old name."""
    codes, scale, zero = _names(weight)
    real, moved = f"{weight}/real", f"{weight}/moved"
    nodes = [helper.make_node("Cast", [codes], [real], to=TensorProto.FLOAT)]
    if has_zero:
        nodes.append(helper.make_node("Sub", [real, zero], [moved]))
    return [*nodes, helper.make_node("Mul", [moved if has_zero else real, scale], [weight])]
