"""Dynamic quantization: int8 weights, ranges of activations taken anew at each inference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
from boildown import (
    Cluster,
    StepOutcome,
    refuse_half_lstm,
    selected_layers,
    source_layers,
    unchanged,
    write_graph,
)
from onnxruntime.quantization import QuantType, quantize_dynamic

from .gemm import hide_from_quantizer, show_again
from .graph import nodes_of, other_nodes, rename_nodes, users_of
from .lstm import separate_weights, use_unsigned_codes
from .prepare import prepared
from .quiet import prints_logged

if TYPE_CHECKING:
    from boildown import Artifact, Context, Quantize

#: What ONNX Runtime has integer kernels with dynamic ranges for; its Gemm becomes a MatMul.
OPERATORS = ("Conv", "Gemm", "MatMul", "LSTM")
#: Left to itself ONNX Runtime quantizes whatever it can, tables that are no layers among it. Gemm
#: is MatMul when it looks.
_QUANTIZED = ["Conv", "MatMul", "LSTM"]
#: What the quantizer appends to the names of nodes.
_SUFFIXES = ("_quant", "_MatMul_quant")


def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Quantize the selected layers with `quantize_dynamic`.

    Weights are unsigned: ONNX Runtime has no fast kernel for convolutions with signed ones, and
    products of unsigned and unsigned do not saturate on CPUs without VNNI. Raises UnsupportedError
    where one of the two weights of an LSTM is selected alone.
    """
    layers = [layer for layer in selected_layers(step, context) if layer.op in OPERATORS]
    if not layers:
        return unchanged(model, context, f"none of the selected layers is a {', '.join(OPERATORS)}")
    refuse_half_lstm(users_of(layers, context), source_layers(context.original.path))
    # A factor for each channel would make many values of the few that weights share.
    shared = any(isinstance(earlier, Cluster) for earlier in context.steps[: context.index])
    source = prepared(model, layers, context, fold=not shared)
    separate_weights(source)
    excluded = other_nodes(layers, context)
    hide_from_quantizer(source, set(excluded))
    path = context.workdir / "dynamic.onnx"
    with prints_logged():
        quantize_dynamic(
            source,
            path,
            op_types_to_quantize=_QUANTIZED,
            weight_type=QuantType.QUInt8,
            nodes_to_exclude=excluded,
            extra_options={"MatMulConstBOnly": True},
        )
    graph = onnx.load(path)
    show_again(graph)
    use_unsigned_codes(graph)
    names = nodes_of(layers, context)
    rename_nodes(graph, {f"{name}{suffix}": name for name in names for suffix in _SUFFIXES})
    return StepOutcome(artifact=write_graph(graph, context, "dynamic"))
