"""Give Gemm nodes with float outputs the integer bias that their integer kernel wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import helper, numpy_helper

from .graph import initializers, replace_nodes

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

_BIAS = 2
_WIDEN = "DequantizeLinear"


def quantize_last_bias(model: ModelProto) -> None:
    """Store the bias of Gemm nodes with float outputs as int32, in place.

    Only so does ONNX Runtime compute them in integers.
    """
    made = _makers(model)
    narrowed = {n.input[0] for n in model.graph.node if n.op_type == "QuantizeLinear"}
    readers = {name: node for node in model.graph.node for name in node.input}
    widening: list[NodeProto] = []
    for node in [node for node in model.graph.node if node.op_type == "Gemm"]:
        output = node.output[0]
        bounded = output in readers and readers[output].op_type in {"Relu", "Clip"}
        widened = [made.get(name) for name in node.input[:2]]
        integer = all(w is not None and w.op_type == _WIDEN for w in widened)
        if integer and output not in narrowed and not bounded and len(node.input) > _BIAS:
            widening += _quantize_bias(model, node, made)
    replace_nodes(model, [*widening, *model.graph.node])


def _quantize_bias(
    model: ModelProto, gemm: NodeProto, made: dict[str, NodeProto]
) -> list[NodeProto]:
    """Let a product read codes of its bias; return the node that widens them."""
    tensors = initializers(model)
    if gemm.input[_BIAS] not in tensors:
        return []
    steps = [numpy_helper.to_array(tensors[made[name].input[1]]) for name in gemm.input[:2]]
    bias = numpy_helper.to_array(tensors[gemm.input[_BIAS]]).ravel()
    scale: np.ndarray = np.asarray(steps[0] * steps[1], np.float32).ravel()
    most = np.abs(bias)
    if scale.size == 1:  # one step for all weights is one for their biases too
        scale, most = scale.reshape(()), most.max()
    # Tiny weights have a step so small that their bias would not fit 32 bits.
    scale = np.maximum(scale, most / 2**30)
    scale = np.where(scale > 0, scale, 1).astype(np.float32)
    codes = np.rint(bias / scale).astype(np.int32)
    # Two products may share a bias, but each has codes of its own.
    names = [f"{gemm.output[0]}/bias/{part}" for part in ("codes", "scale", "real")]
    model.graph.initializer.extend(
        numpy_helper.from_array(values, name)
        for values, name in zip((codes, scale), names[:2], strict=True)
    )
    gemm.input[_BIAS] = names[2]
    return [helper.make_node(_WIDEN, names[:2], names[2:], axis=0)]


def _makers(model: ModelProto) -> dict[str, NodeProto]:
    return {name: node for node in model.graph.node for name in node.output}
