"""Average pooling of int8 codes as LiteRT rounds it: halves away from zero.

Its kernel (`reference_integer_ops::AveragePool`) sums codes, not real numbers, and rounds the
quotient away from zero; QuantizeLinear rounds halves to even. In windows of four every eighth
result would be a quantum aside, which a global average behind it makes several.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from boildown import replace_nodes
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from onnx import ModelProto, NodeProto

#: Half, and a little for the rounding of the quotient in float32: less than half the distance of
#: two quotients for windows of up to 5,000.
_HALF = 0.5001
_NAME = "half_away_from_zero"


def round_averages(model: ModelProto) -> None:
    """Rewrite each DequantizeLinear - AveragePool - QuantizeLinear, in place."""
    makers = {name: node for node in model.graph.node for name in node.output}
    pools = {
        node.output[0]: makers[makers[node.input[0]].input[0]]
        for node in model.graph.node
        if node.op_type == "QuantizeLinear" and _averages_codes(node.input[0], makers)
    }
    if not pools:
        return
    half = numpy_helper.from_array(np.array(_HALF, np.float32), _NAME)
    model.graph.initializer.append(half)
    nodes: list[NodeProto] = []
    for node in model.graph.node:
        if node.output[0] in pools:
            nodes += _rounded(makers[node.input[0]], pools[node.output[0]], node)
        else:
            nodes.append(node)
    read = {name for node in nodes for name in node.input}
    dead = {makers[node.input[0]].output[0] for node in model.graph.node if node.output[0] in pools}
    replace_nodes(model, [node for node in nodes if node.output[0] not in dead - read])


def _averages_codes(name: str, makers: Mapping[str, NodeProto]) -> bool:
    pool = makers.get(name)
    if pool is None or pool.op_type != "AveragePool":
        return False
    widened = makers.get(pool.input[0])
    return widened is not None and widened.op_type == "DequantizeLinear"


def _rounded(pool: NodeProto, widened: NodeProto, rounding: NodeProto) -> Iterator[NodeProto]:
    """Yield what averages the codes themselves: the scales are the same on both sides."""
    made = rounding.output[0]
    real, mean, size, raised, whole, sign, signed = (
        f"{made}/{part}" for part in ("real", "mean", "size", "raised", "whole", "sign", "signed")
    )
    yield helper.make_node("Cast", [widened.input[0]], [real], to=TensorProto.FLOAT)
    average = type(pool).FromString(pool.SerializeToString())
    average.input[0], average.output[0] = real, mean
    yield average
    yield helper.make_node("Abs", [mean], [size])
    yield helper.make_node("Add", [size, _NAME], [raised])
    yield helper.make_node("Floor", [raised], [whole])
    yield helper.make_node("Sign", [mean], [sign])
    yield helper.make_node("Mul", [whole, sign], [signed])
    yield helper.make_node("Cast", [signed], [made], to=TensorProto.INT8)
