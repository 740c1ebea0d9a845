"""What boildown does not take as a source model, each objection a sentence in the user's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from .layers import source_layers
from .stored import type_name

if TYPE_CHECKING:
    from collections.abc import Iterator

#: ai.onnx.ml are scalers and trees; com.microsoft what ONNX Runtime adds. Both are kept as they
#: are, and a toolkit that does not know such a node says so.
_DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")
_CONTROL_FLOW = ("If", "Loop", "Scan", "SequenceMap")
_QUANTIZED = (
    "QuantizeLinear", "DequantizeLinear", "DynamicQuantize", "QLinear", "QGemm", "QAttention",
    "MatMulInteger", "ConvInteger", "MatMulNBits", "GatherBlockQuantized",
)  # fmt: skip
#: The oldest opset that ONNX Runtime still runs.
_OLDEST_OPSET = 7
_OTHER_FLOATS = (TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE)
_NUMBERS = (
    TensorProto.FLOAT, TensorProto.UINT8, TensorProto.INT8, TensorProto.UINT16, TensorProto.INT16,
    TensorProto.INT32, TensorProto.INT64, TensorProto.BOOL, TensorProto.UINT32, TensorProto.UINT64,
)  # fmt: skip


def objections_to_graph(model: onnx.ModelProto) -> list[str]:
    """Return what stands in the way of reading the graph at all."""
    return [*_opset(model), *_operators(model.graph), *_values(model.graph)]


def objections_to_weights(model: onnx.ModelProto) -> list[str]:
    """Return what is wrong with the numbers: types other than float32, NaN, infinity."""
    weights = {layer.weight for layer in source_layers(model)}
    found = []
    for tensor in model.graph.initializer:
        if tensor.name in weights and tensor.data_type in _OTHER_FLOATS:
            found.append(
                f"the weight {tensor.name!r} is {type_name(tensor.data_type)}; boildown starts"
                " from float32: export the float32 model (PyTorch: model.float() before the export)"
            )
        elif tensor.data_type == TensorProto.FLOAT:
            values = numpy_helper.to_array(tensor)
            # Infinity is a normal bound or mask, but no weight.
            bad = np.isnan(values) if tensor.name not in weights else ~np.isfinite(values)
            if bad.any():
                found.append(
                    f"the tensor {tensor.name!r} holds {int(bad.sum()):,} numbers that are not"
                    " finite (NaN or infinity); the training diverged, or the file is damaged"
                )
    return found


def _opset(model: onnx.ModelProto) -> Iterator[str]:
    newest = onnx.defs.onnx_opset_version()
    for item in model.opset_import:
        if item.domain in {"", "ai.onnx"} and not _OLDEST_OPSET <= item.version <= newest:
            yield (
                f"its opset {item.version} is outside {_OLDEST_OPSET} to {newest}, which the"
                f" installed onnx {onnx.__version__} and ONNX Runtime read; export it with another"
                " opset_version"
            )


def _operators(graph: onnx.GraphProto) -> Iterator[str]:
    quantized = [node for node in graph.node if node.op_type.startswith(_QUANTIZED)]
    if quantized:
        yield (
            f"it is quantized already (node {_name(quantized[0])}); a recipe starts from the"
            " float32 model"
        )
    for node in graph.node:
        if node.domain not in _DOMAINS:
            yield (
                f"node {_name(node)} is of the custom domain {node.domain!r}, which only its own"
                " runtime knows; export the model with standard operators"
            )
        elif node.op_type in _CONTROL_FLOW or any(
            item.HasField("g") or item.graphs for item in node.attribute
        ):
            yield (
                f"node {_name(node)} is control flow; boildown takes straight graphs only. Trace"
                " the model for one input shape, or simplify the file with onnxsim or onnxslim"
            )
        elif "Sequence" in node.op_type or node.op_type.startswith("Optional"):
            yield f"node {_name(node)} works on sequences or optional values, not on tensors"


def _values(graph: onnx.GraphProto) -> Iterator[str]:
    if not _real_inputs(graph):
        yield "it has no inputs, so there is nothing to feed it"
    for kind, values in (("input", _real_inputs(graph)), ("output", list(graph.output))):
        for value in values:
            if not value.type.HasField("tensor_type"):
                yield f"{kind} {value.name!r} is no tensor but a sequence, map or optional value"
            elif value.type.tensor_type.elem_type not in _NUMBERS:
                name = type_name(value.type.tensor_type.elem_type)
                yield (
                    f"{kind} {value.name!r} is of type {name}; boildown feeds and compares float32,"
                    " integers and booleans: export the float32 model"
                )
    for value in _real_inputs(graph):
        yield from _shape(value)


def _shape(value: onnx.ValueInfoProto) -> Iterator[str]:
    if not value.type.HasField("tensor_type"):
        return
    if not value.type.tensor_type.HasField("shape"):
        yield f"input {value.name!r} has no shape; export the model with an example input"
        return
    for axis, length in enumerate(value.type.tensor_type.shape.dim):
        if axis and length.dim_value <= 0:
            named = f" ({length.dim_param!r})" if length.dim_param else ""
            yield (
                f"input {value.name!r} has no fixed length on axis {axis}{named}; only the first"
                " axis, the batch, may be open. Fix it with"
                " `python -m onnxruntime.tools.make_dynamic_shape_fixed`, or export it fixed"
            )


def _real_inputs(graph: onnx.GraphProto) -> list[onnx.ValueInfoProto]:
    stored = {tensor.name for tensor in graph.initializer}
    stored |= {sparse.values.name for sparse in graph.sparse_initializer}
    return [value for value in graph.input if value.name not in stored]


def _name(node: onnx.NodeProto) -> str:
    return f"{node.name!r} ({node.op_type})" if node.name else f"{node.op_type!r} (unnamed)"
