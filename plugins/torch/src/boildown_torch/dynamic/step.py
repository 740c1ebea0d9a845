"""Dynamic int8: integer weights, and activations rounded anew at each inference.

PyTorch does so for Linear, RNN, LSTM and GRU (`quantize_dynamic`), whose export to ONNX fails. The
same computation is written in ONNX's own operators instead: DynamicQuantizeLinear, MatMulInteger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import (
    StepOutcome,
    Warned,
    encode_weight,
    initializers,
    read_graph,
    refuse_half_lstm,
    replace_nodes,
    selected_layers,
    source_layers,
    store_codes,
    unchanged,
    with_opset,
    write_graph,
)
from onnx import numpy_helper

from .products import integer_product
from .recurrent import integer_lstm

if TYPE_CHECKING:
    from boildown import Artifact, Context, Layer, Quantize
    from onnx import ModelProto

OPERATORS = ("Gemm", "MatMul", "LSTM", "GRU", "RNN")
_WRITERS = {"Gemm": integer_product, "MatMul": integer_product, "LSTM": integer_lstm}
_REASON = (
    "PyTorch quantizes Linear, LSTM, GRU and RNN layers dynamically; none of the selected layers"
    " is one (convolutions are not: choose activations int8)"
)
#: DynamicQuantizeLinear is of version 11.
_OPSET = 13


def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Quantize the selected layers that are Linear or recurrent in PyTorch."""
    layers = [layer for layer in selected_layers(step, context) if layer.op in OPERATORS]
    if not layers:
        return unchanged(model, context, _REASON)
    every = source_layers(context.network.path)
    weights = {layer.weight for layer in layers}
    users = [layer for layer in every if layer.weight in weights]
    refuse_half_lstm(users, every)
    graph = with_opset(read_graph(model), _OPSET)
    chosen = {layer.node for layer in users if layer.op in _WRITERS}
    nodes = [
        new
        for node in graph.graph.node
        for new in (
            _WRITERS[node.op_type](node, graph, step)
            if node.name in chosen and node.op_type in _WRITERS
            else [node]
        )
    ]
    replace_nodes(graph, nodes)
    warnings = _in_float(graph, [layer for layer in layers if layer.op not in _WRITERS], step)
    return StepOutcome(artifact=write_graph(graph, context, "dynamic"), warnings=warnings)


def _in_float(graph: ModelProto, layers: list[Layer], step: Quantize) -> tuple[Warned, ...]:
    """Store the weights of layers without an integer kernel in int8, and say so."""
    if not layers:
        return ()
    tensors = initializers(graph)
    store_codes(
        graph,
        {
            layer.weight: encode_weight(
                numpy_helper.to_array(tensors[layer.weight]), step, layer.axis
            )
            for layer in layers
        },
    )
    names = ", ".join(repr(layer.name) for layer in layers)
    return (
        Warned(
            code="PARTIAL",
            text=f"ONNX Runtime has no integer kernel for GRU and RNN: the weights of {names} are"
            " stored in int8, but computed with in float32",
        ),
    )
