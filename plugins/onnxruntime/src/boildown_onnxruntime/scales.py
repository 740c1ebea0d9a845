"""Choose the scales of the weights of a statically quantized model.

x86 CPUs without VNNI multiply uint8 by int8 with VPMADDUBSW, which adds two products in 16 bits
and saturates. Codes of 7 bits cannot reach that bound. Unsigned codes go another, slower way that
is exact with all 8 bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from boildown import initializers
from onnx import numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boildown import Layer, Quantize
    from onnx import ModelProto, NodeProto, TensorProto

    from .observe import Interval

#: Bits of an int8.
_ALL_BITS = 8
#: Place of the bias among the inputs of Conv and Gemm.
_BIAS = 2
#: Bits that the int32 code of a bias may take; ONNX Runtime makes it when it loads the file.
_BIAS_BITS = 30
_INPUT_CODES = 255


@dataclass(frozen=True, slots=True)
class WeightCodes:
    """Which integers stand for weights, and whether a weight has one scale or one a channel."""

    bits: int
    unsigned: bool
    whole: bool

    @classmethod
    def of(cls, step: Quantize, settings: Mapping[str, Any]) -> WeightCodes:
        """Read the step with its `with` settings for this backend."""
        unsigned = settings.get("weight_type") == "uint8"
        narrow = step.weights == "int7" or settings.get("reduce_range", not unsigned)
        return cls(7 if narrow else _ALL_BITS, unsigned, step.granularity == "tensor")

    @property
    def zero(self) -> np.ndarray:
        """The code of zero."""
        return np.array(128, np.uint8) if self.unsigned else np.array(0, np.int8)

    @property
    def most(self) -> int:
        """How far the greatest code is from that of zero."""
        return int(2 ** (self.bits - 1)) - 1

    @property
    def narrow(self) -> bool:
        """Whether some of the bits of an int8 are left unused."""
        return self.bits < _ALL_BITS

    @property
    def may_saturate(self) -> bool:
        """Whether sums of two products with uint8 activations can exceed 16 bits."""
        return not self.narrow and not self.unsigned


Overrides = dict[str, list[dict[str, Any]]]


def weight_scales(
    model: ModelProto,
    source: ModelProto,
    layers: list[Layer],
    ranges: Mapping[str, Interval],
    codes: WeightCodes,
) -> Overrides:
    """Return the scales of the layers' weights, in the form that the quantizer takes them.

    `source` holds the weights as they were before batch norms were folded. Folding multiplies
    each channel by a factor of its own, which would scatter the few values of a clustered tensor.
    Where a weight has one scale, the factor goes into the channel's scale instead, with its sign:
    code = weight / scale is then that of the unfolded tensor.
    """
    before, after = initializers(source), initializers(model)
    nodes = {node.name: node for node in model.graph.node}
    found: Overrides = {}
    for layer in layers:
        node = nodes.get(layer.node)
        name = next((name for name in node.input[:2] if name in after), "") if node else ""
        if node is None or not name or list(after[name].dims) != list(layer.shape):
            continue
        new, old = (_rows(tensor, layer) for tensor in (after[name], before[layer.weight]))
        factor = np.ones(len(old)) if name == layer.weight else _factors(old, new)
        scale = np.abs(old).max() * factor if codes.whole else np.abs(new).max(axis=1)
        scale = scale / codes.most
        scale[scale == 0] = np.abs(scale).max() or 1.0
        least = _least_for_bias(node, after, ranges)
        scale = np.copysign(np.maximum(np.abs(scale), least), scale).astype(np.float32)
        one = {"zero_point": codes.zero}
        if codes.whole and (factor == 1).all():
            found[name] = [{"scale": scale.max(), **one}]
        else:
            found[name] = [{"axis": layer.axis, "scale": value, **one} for value in scale]
    return found


def _rows(tensor: TensorProto, layer: Layer) -> np.ndarray:
    """Return a weight as one row of numbers for each output channel."""
    weight = numpy_helper.to_array(tensor).astype(np.float64)
    return np.moveaxis(weight, layer.axis, 0).reshape(layer.shape[layer.axis], -1)


def _factors(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Return by what each row was multiplied; 1 where it is all zeros."""
    places = np.arange(len(old)), np.abs(old).argmax(axis=1)
    usable = (old[places] != 0) & (new[places] != 0)
    factors: np.ndarray = np.where(usable, new[places], 1) / np.where(usable, old[places], 1)
    return factors


def _least_for_bias(
    node: NodeProto, tensors: Mapping[str, TensorProto], ranges: Mapping[str, Interval]
) -> np.ndarray | float:
    """Return the sizes of scales below which the code of the bias would not fit."""
    if node.op_type == "MatMul" or len(node.input) <= _BIAS or node.input[_BIAS] not in tensors:
        return 0.0
    low, high = ranges[node.input[0]]
    input_scale = (max(high, 0.0) - min(low, 0.0)) / _INPUT_CODES or 1.0
    bias = np.abs(numpy_helper.to_array(tensors[node.input[_BIAS]]).astype(np.float64)).ravel()
    least: np.ndarray = bias / (input_scale * 2.0**_BIAS_BITS)
    return least
