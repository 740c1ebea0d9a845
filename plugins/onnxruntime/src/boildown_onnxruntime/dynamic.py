"""Dynamic quantization: int8 weights, ranges of activations taken anew at each inference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
from boildown import Artifact, StepOutcome, Warned
from onnxruntime.quantization import QuantType, quantize_dynamic

from .graph import prepared, selected_layers, untouched_nodes, write

if TYPE_CHECKING:
    from pathlib import Path

    from boildown import Context, Layer, Quantize

#: What ONNX Runtime has integer kernels with dynamic ranges for; its Gemm becomes a MatMul.
OPERATORS = ("Conv", "Gemm", "MatMul")
#: What the quantizer appends to the names of nodes.
_SUFFIXES = ("_quant", "_MatMul_quant")


def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Quantize the selected layers with `quantize_dynamic`.

    Weights are unsigned: ONNX Runtime has no fast kernel for convolutions with signed ones, and
    products of unsigned and unsigned do not saturate on CPUs without VNNI.
    """
    layers = [layer for layer in selected_layers(step, context) if layer.op in OPERATORS]
    if not layers:
        warning = Warned(
            code="NOTE",
            text=f"none of the selected layers is a {', '.join(OPERATORS)}: dynamic quantization "
            "has nothing to do",
        )
        return StepOutcome(artifact=_copy(model, context), warnings=(warning,))
    path = context.workdir / "dynamic.onnx"
    quantize_dynamic(
        prepared(model, context),
        path,
        weight_type=QuantType.QUInt8,
        nodes_to_exclude=untouched_nodes(model, layers),
        extra_options={"MatMulConstBOnly": True},
    )
    return StepOutcome(artifact=_named_again(path, layers, context))


def _named_again(path: Path, layers: list[Layer], context: Context) -> Artifact:
    """Give the integer nodes the names of their layers back."""
    graph = onnx.load(path)
    names = {f"{layer.node}{suffix}": layer.node for layer in layers for suffix in _SUFFIXES}
    for node in graph.graph.node:
        if node.op_type in ("ConvInteger", "MatMulInteger"):
            node.name = names.get(node.name, node.name)
    return write(graph, context, "dynamic")


def _copy(model: Artifact, context: Context) -> Artifact:
    path = context.workdir / "unchanged.onnx"
    path.write_bytes(model.path.read_bytes())
    return Artifact(path=path)
