"""Rewrite what PyTorch exports into the forms that ONNX Runtime has integer kernels for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from boildown import initializers, node_attribute, quantize_last_bias, replace_nodes
from onnx import helper, numpy_helper

from .pads import pad_inside

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

_ZERO, _MATRIX, _IMAGES = 2, 2, 4
_WIDEN = "DequantizeLinear"


def use_integer_kernels(model: ModelProto) -> None:
    """Bring a QDQ model into those forms, in place; it computes what it did."""
    pad_inside(model)
    turn_weights(model)
    pool_globally(model)
    drop_zeros(model)
    quantize_last_bias(model)


def turn_weights(model: ModelProto) -> None:
    """Store the codes of matrices as they are used instead of transposing them at run time."""
    tensors, made = initializers(model), _makers(model)
    kept: list[NodeProto] = []
    for node in model.graph.node:
        widen = made.get(node.input[0]) if node.op_type == "Transpose" else None
        if widen is None or widen.op_type != _WIDEN or widen.input[0] not in tensors:
            kept.append(node)
            continue
        codes = numpy_helper.to_array(tensors[widen.input[0]])
        if codes.ndim != _MATRIX:
            kept.append(node)
            continue
        name = f"{widen.input[0]}/turned"
        if name not in tensors:
            turned = numpy_helper.from_array(np.ascontiguousarray(codes.T), name)
            model.graph.initializer.append(turned)
            tensors[name] = turned
        axis = 1 - int(node_attribute(widen, "axis", 1)) % _MATRIX
        kept.append(helper.make_node(_WIDEN, [name, *widen.input[1:]], node.output, axis=axis))
    read = {name for node in kept for name in node.input}
    read |= {item.name for item in model.graph.output}
    replace_nodes(model, [n for n in kept if n.op_type != _WIDEN or n.output[0] in read])
    used = {name for node in model.graph.node for name in node.input}
    used |= {item.name for item in model.graph.output}
    for tensor in [t for name, t in tensors.items() if name not in used]:
        model.graph.initializer.remove(tensor)


def pool_globally(model: ModelProto) -> None:
    """Write means over height and width as GlobalAveragePool, which has an integer kernel."""
    tensors = initializers(model)
    ranks = {item.name: len(item.type.tensor_type.shape.dim) for item in model.graph.value_info}
    for node in model.graph.node:
        if node.op_type != "ReduceMean" or ranks.get(node.input[0]) != _IMAGES:
            continue
        axes = tensors.get(node.input[1]) if len(node.input) > 1 else None
        given = set() if axes is None else {int(a) % _IMAGES for a in numpy_helper.to_array(axes)}
        if given == {2, 3} and node_attribute(node, "keepdims", 1) == 1:
            node.op_type = "GlobalAveragePool"
            del node.input[1:]
            del node.attribute[:]


def drop_zeros(model: ModelProto) -> None:
    """Leave out zero points of convolutions' weights that are all 0; Gemm must have its own."""
    tensors, made = initializers(model), _makers(model)
    for node in [node for node in model.graph.node if node.op_type.startswith("Conv")]:
        widen = made.get(node.input[1])
        if widen is None or widen.op_type != _WIDEN or len(widen.input) <= _ZERO:
            continue
        zero = tensors.get(widen.input[_ZERO])
        if zero is not None and not numpy_helper.to_array(zero).any():
            del widen.input[_ZERO:]


def _makers(model: ModelProto) -> dict[str, NodeProto]:
    return {name: node for node in model.graph.node for name in node.output}
