"""Static quantization: int8 weights and activations, with ranges calibrated on samples.

QDQ format, uint8 activations and int8 weights: what ONNX Runtime recommends for x86 and runs with
integer kernels (https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html).
Its QDQ quantizer places the nodes; ranges and scales are chosen here (`calibrate`, `scales`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from boildown import (
    Artifact,
    StepOutcome,
    about_int8,
    read_graph,
    selected_layers,
    unchanged,
    with_opset,
    write_graph,
)
from onnxruntime.quantization import QuantType
from onnxruntime.quantization.calibrate import TensorData
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer
from onnxruntime.quantization.quant_utils import add_infer_metadata

from .between import nodes_far_from
from .calibrate import activation_ranges
from .finish import leave_outputs_float
from .graph import nodes_of, other_nodes, users_of
from .prepare import prepared
from .quiet import prints_logged
from .scales import Overrides, WeightCodes, weight_scales

if TYPE_CHECKING:
    from boildown import Context, Quantize
    from onnx import ModelProto

    from .observe import Interval

#: Operators that hold weights and have an integer kernel.
LAYERS = ("Conv", "Gemm", "MatMul")
#: What lies between them and has integer kernels too, or moves numbers unchanged. Anything else
#: (normalisation, softmax) would only be surrounded by conversions.
_BETWEEN = (
    "Add", "Mul", "Concat", "Relu", "Clip", "LeakyRelu", "Sigmoid", "MaxPool", "AveragePool",
    "GlobalAveragePool", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Resize",
    "Pad", "Split", "Slice",
)  # fmt: skip
#: Scales along an axis came to DequantizeLinear with this version.
_OPSET = 13
_SCALED = (
    "weights that a batch norm was folded into have one set of codes, but its factor of each"
    " channel in the scale"
)


def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Quantize the selected layers and what lies beside them."""
    codes = WeightCodes.of(step, context.settings)
    layers = [layer for layer in selected_layers(step, context) if layer.op in LAYERS]
    if not layers:
        return unchanged(model, context, f"none of the selected layers is a {', '.join(LAYERS)}")
    graph = with_opset(prepared(model, layers, context), _OPSET)
    add_infer_metadata(graph)  # else the quantizer would infer shapes in the system's folder
    ranges = activation_ranges(graph, step.observer or "minmax", context)
    scales = weight_scales(graph, read_graph(model), users_of(layers, context), ranges, codes)
    left_out = other_nodes(layers, context)
    left_out += nodes_far_from(graph, nodes_of(layers, context), _BETWEEN)
    left_out += _bounds_of_outputs(graph)
    with prints_logged():
        quantizer = _quantizer(
            graph, ranges, scales, codes=codes, left_out=left_out, symmetric=bool(step.symmetric)
        )
        quantizer.quantize_model()
        quantizer.model.topological_sort()
    leave_outputs_float(quantizer.model.model)
    artifact = write_graph(quantizer.model.model, context, "static")
    scaled = codes.whole and any("axis" in entries[0] for entries in scales.values())
    return _told(artifact, step, codes, scaled=scaled)


def _bounds_of_outputs(graph: ModelProto) -> list[str]:
    """Name the ReLUs and Clips whose input is also an output of the network.

    The quantizer would round that input within what the ReLU lets through.
    """
    outputs = {item.name for item in graph.graph.output}
    return [
        node.name
        for node in graph.graph.node
        if node.op_type in ("Relu", "Clip") and node.input[0] in outputs
    ]


def _quantizer(
    graph: ModelProto,
    ranges: dict[str, Interval],
    scales: Overrides,
    *,
    codes: WeightCodes,
    left_out: list[str],
    symmetric: bool,
) -> QDQQuantizer:
    return QDQQuantizer(
        graph,
        per_channel=not codes.whole,
        reduce_range=codes.narrow,
        weight_qType=QuantType.QUInt8 if codes.unsigned else QuantType.QInt8,
        activation_qType=QuantType.QUInt8,
        tensors_range={
            name: TensorData(lowest=np.float32(low), highest=np.float32(high))
            for name, (low, high) in ranges.items()
        },
        nodes_to_quantize=[],
        nodes_to_exclude=left_out,
        op_types_to_quantize=[*LAYERS, *_BETWEEN],
        extra_options={
            "ActivationSymmetric": symmetric,
            # Codes, scales and zero points of a bias take three times the bytes of the bias, and
            # ONNX Runtime makes the codes itself when it loads the file.
            "QuantizeBias": False,
            "MatMulConstBOnly": True,
            "TensorQuantOverrides": scales,
        },
    )


def _told(artifact: Artifact, step: Quantize, codes: WeightCodes, *, scaled: bool) -> StepOutcome:
    approximations: tuple[str, ...] = ()
    if codes.narrow and step.weights == "int8":
        approximations = (
            "weights use 7 of the 8 bits, so that products cannot saturate on CPUs without VNNI",
        )
    if scaled:
        approximations += (_SCALED,)
    warnings = about_int8(step, saturates=codes.may_saturate)
    return StepOutcome(artifact=artifact, approximations=approximations, warnings=warnings)
