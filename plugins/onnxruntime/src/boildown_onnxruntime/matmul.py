"""Weight-only quantization in blocks: matrix products on packed codes (MatMulNBits)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import (
    StepOutcome,
    UnsupportedError,
    initializers,
    read_graph,
    selected_layers,
    write_graph,
)

from .gemm import gemm_to_matmul
from .graph import nodes_of, rename_nodes
from .quiet import logging_left_alone, prints_logged

with logging_left_alone():
    from onnxruntime.quantization.matmul_nbits_quantizer import (
        DefaultWeightOnlyQuantConfig,
        MatMulNBitsQuantizer,
    )

if TYPE_CHECKING:
    from boildown import Artifact, Context, Layer, Quantize
    from onnx import ModelProto

_BLOCK = 32
_MATRIX = 2


def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Quantize the selected MatMul and Gemm layers in blocks along their inputs."""
    graph = read_graph(model)
    layers = selected_layers(step, context)
    chosen = nodes_of([layer for layer in layers if _fits(layer, graph)], context)
    if not chosen:
        raise UnsupportedError(
            "blocks are for MatMul and Gemm layers with a matrix on the right side, and none is"
            " selected; use granularity channel"
        )
    gemm_to_matmul(graph, chosen)
    bits = int(step.weights.removeprefix("int"))
    others = [n.name for n in graph.graph.node if n.op_type == "MatMul" and n.name not in chosen]
    quantizer = MatMulNBitsQuantizer(
        graph,
        nodes_to_exclude=others,
        algo_config=DefaultWeightOnlyQuantConfig(
            block_size=step.block_size or _BLOCK,
            is_symmetric=step.symmetric is not False,
            bits=bits,
        ),
    )
    with prints_logged():
        quantizer.process()
    quantized = quantizer.model.model
    rename_nodes(quantized, {f"{name}_Q{bits}": name for name in chosen})
    return StepOutcome(artifact=write_graph(quantized, context, "blocks"))


def _fits(layer: Layer, model: ModelProto) -> bool:
    """Tell whether MatMulNBits can hold the layer: it multiplies by a matrix from the right."""
    right = {node.input[1] for node in model.graph.node if node.op_type in ("Gemm", "MatMul")}
    matrix = len(layer.shape) == _MATRIX and layer.weight in initializers(model)
    return layer.op in ("Gemm", "MatMul") and layer.weight in right and matrix
