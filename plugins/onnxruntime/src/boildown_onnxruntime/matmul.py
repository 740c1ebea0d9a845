"""Weight-only quantization in blocks: matrix products on packed codes (MatMulNBits)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
from boildown import StepOutcome, UnsupportedError
from onnx import helper
from onnxruntime.quantization.matmul_nbits_quantizer import (
    DefaultWeightOnlyQuantConfig,
    MatMulNBitsQuantizer,
)

from .graph import constants, node_attribute, read, selected_layers, write

if TYPE_CHECKING:
    from boildown import Artifact, Context, Quantize
    from onnx import ModelProto, NodeProto

_BLOCK = 32


def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Quantize the selected MatMul and Gemm layers in blocks along their inputs."""
    layers = [layer for layer in selected_layers(step, context) if layer.op in ("Gemm", "MatMul")]
    if not layers:
        raise UnsupportedError(
            "blocks are for MatMul and Gemm layers and none is selected; use granularity channel"
        )
    graph = read(model)
    chosen = {layer.node for layer in layers}
    _gemm_to_matmul(graph, chosen)
    others = [n.name for n in graph.graph.node if n.op_type == "MatMul" and n.name not in chosen]
    quantizer = MatMulNBitsQuantizer(
        graph,
        nodes_to_exclude=others,
        algo_config=DefaultWeightOnlyQuantConfig(
            block_size=step.block_size or _BLOCK,
            is_symmetric=step.symmetric is not False,
            bits=int(step.weights.removeprefix("int")),
        ),
    )
    quantizer.process()
    return StepOutcome(artifact=write(quantizer.model.model, context, "blocks"))


def _gemm_to_matmul(model: ModelProto, chosen: set[str]) -> None:
    """Turn the chosen Gemm nodes into MatMul and Add; the MatMul keeps the layer's name."""
    tensors = constants(model)
    nodes: list[NodeProto] = []
    for node in model.graph.node:
        if node.op_type != "Gemm" or node.name not in chosen:
            nodes.append(node)
            continue
        plain = all(node_attribute(node, name, 1.0) == 1 for name in ("alpha", "beta"))
        if not plain or node_attribute(node, "transA", 0):
            raise UnsupportedError(f"node {node.name!r}: Gemm with alpha, beta or transA")
        weight = tensors[node.input[1]]
        if node_attribute(node, "transB", 0):
            values = onnx.numpy_helper.to_array(weight).T
            weight.CopyFrom(onnx.numpy_helper.from_array(values.copy(), weight.name))
        has_bias = len(node.input) > 2  # noqa: PLR2004 - Gemm reads A, B and perhaps C
        product = f"{node.output[0]}/product" if has_bias else node.output[0]
        nodes.append(helper.make_node("MatMul", node.input[:2], [product], name=node.name))
        if has_bias:
            nodes.append(helper.make_node("Add", [product, node.input[2]], node.output))
    copies = [type(node).FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(copies)
