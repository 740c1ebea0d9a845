"""An ONNX form that computes what an integer runtime computes: exact on any computer, if not fast.

ONNX Runtime's own int8 kernels saturate on x86 CPUs without VNNI, and it quantizes weights anew
that stand between two roundings; XNNPACK does neither, so the two would be different networks. So
nothing is left here that ONNX Runtime takes for quantized: codes become numbers by Cast, Sub and
Mul. Float32 holds the sums of integers well enough.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from ..encoding.integers import Codes
from .codes import store_codes
from .graph import initializers, node_attribute, replace_nodes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onnx import ModelProto, NodeProto

_WIDEN, _ZERO = "DequantizeLinear", 2


def compute_in_float(model: ModelProto) -> None:
    """Have all codes widened by operators that ONNX Runtime leaves alone, in place.

    Every DequantizeLinear of an initializer or an activation is replaced; QuantizeLinear, which
    rounds, stays.
    """
    tensors = initializers(model)
    weights = {
        node.output[0]: _codes(node, tensors)
        for node in model.graph.node
        if node.op_type == _WIDEN and node.input[0] in tensors
    }
    nodes: list[NodeProto] = []
    for node in model.graph.node:
        if node.op_type != _WIDEN:
            nodes.append(node)
        elif node.output[0] not in weights:
            nodes += _widened(node, model, tensors)
    replace_nodes(model, nodes)
    model.graph.initializer.extend(
        numpy_helper.from_array(parts.codes, name) for name, parts in weights.items()
    )
    store_codes(model, weights)
    read = {name for node in model.graph.node for name in node.input}
    for tensor in [t for name, t in initializers(model).items() if name not in read]:
        model.graph.initializer.remove(tensor)


def _widened(
    node: NodeProto, model: ModelProto, tensors: dict[str, TensorProto]
) -> Iterator[NodeProto]:
    """Yield what computes (code - zero) times scale for an activation."""
    codes, scale, result = node.input[0], node.input[1], node.output[0]
    real, moved, zero = (f"{result}/{part}" for part in ("real", "moved", "zero"))
    given = node.input[_ZERO] if len(node.input) > _ZERO else ""
    values = numpy_helper.to_array(tensors[given]) if given else np.zeros(())
    model.graph.initializer.append(numpy_helper.from_array(values.astype(np.float32), zero))
    yield helper.make_node("Cast", [codes], [real], to=TensorProto.FLOAT)
    yield helper.make_node("Sub", [real, zero], [moved])
    yield helper.make_node("Mul", [moved, scale], [result])


def _codes(node: NodeProto, tensors: dict[str, TensorProto]) -> Codes:
    """Return the codes of a constant, scale and zero along its axis."""
    codes, scale, *zeros = (numpy_helper.to_array(tensors[name]) for name in node.input)
    shape = [1] * codes.ndim
    if scale.size > 1:
        shape[int(node_attribute(node, "axis", 1))] = scale.size
    zero = zeros[0].astype(np.float32).reshape(shape) if zeros and zeros[0].any() else None
    return Codes(codes, scale.astype(np.float32).reshape(shape), zero)
