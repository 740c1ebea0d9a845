"""Weight-only quantization: integer codes and a scale, from which the graph rebuilds the weight.

`Cast` and `Mul` (and `Sub`, for a zero point) are folded by ONNX Runtime when it loads the file,
so the model computes as before and only the file is small. `DequantizeLinear` would not be folded:
it ran five times slower. The codes of less than 8 bits are packed when the file is deployed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import StepOutcome
from onnx import TensorProto, helper, numpy_helper

from .encode import Codes, over_the_whole_range, signs, with_least_error
from .graph import constants, put_first, read, selected_layers, write

if TYPE_CHECKING:
    import numpy as np
    from boildown import Artifact, Context, Layer, Quantize
    from onnx import NodeProto

#: Up to so many bits, clipping a few great weights costs less than coarse steps for all: on the
#: zoo, int4 and int3 lose up to 0.1 less of top-1 with it.
_FEW_BITS = 4


def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Give every selected layer integer codes of the asked bits, per output channel or tensor."""
    graph = read(model)
    tensors = constants(graph)
    nodes: list[NodeProto] = []
    for layer in selected_layers(step, context):
        tensor = tensors[layer.weight]
        weight = numpy_helper.to_array(tensor)
        parts = _encoded(weight, step, _axes(layer, step))
        nodes += _rebuilt(tensor.name, has_zero=parts.zero is not None)
        graph.graph.initializer.remove(tensor)
        graph.graph.initializer.extend(
            numpy_helper.from_array(values, name)
            for values, name in zip(parts, _names(tensor.name), strict=False)
            if values is not None
        )
    put_first(graph, nodes)
    return StepOutcome(artifact=write(graph, context, "codes"))


def _encoded(weight: np.ndarray, step: Quantize, axes: tuple[int, ...]) -> Codes:
    if step.weights == "int1":
        return signs(weight, axes)
    bits = int(step.weights.removeprefix("int"))
    observer = step.observer or ("mse" if bits <= _FEW_BITS else "minmax")
    encode = with_least_error if observer == "mse" else over_the_whole_range
    return encode(weight, bits, axes, symmetric=step.symmetric is not False)


def _axes(layer: Layer, step: Quantize) -> tuple[int, ...]:
    """Return the axes that share one scale: all, or all but that of the output channels."""
    axes = range(len(layer.shape))
    return tuple(axes if step.granularity == "tensor" else (a for a in axes if a != layer.axis))


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
