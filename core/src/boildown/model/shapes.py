"""The shapes of all tensors of a graph at batch 1, also behind ONNX Runtime's own operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
from onnx import helper, shape_inference

from .layers import flag

if TYPE_CHECKING:
    from .folding import Constants

#: A number for each fixed axis, a name or None for an open one.
Shape = tuple[int | str | None, ...]

#: Operator of `com.microsoft` -> a standard one with the same shapes, and the inputs it takes.
_TWINS: dict[str, tuple[str, tuple[int, ...]]] = {
    "QLinearAdd": ("Add", (0, 3)),
    "QLinearMul": ("Mul", (0, 3)),
    "QLinearSigmoid": ("Sigmoid", (0,)),
    "QLinearLeakyRelu": ("Relu", (0,)),
    "QLinearSoftmax": ("Relu", (0,)),
    "QLinearGlobalAveragePool": ("GlobalAveragePool", (0,)),
    "QLinearAveragePool": ("AveragePool", (0,)),
    "QLinearReduceMean": ("ReduceMean", (0,)),
    "QGemm": ("Gemm", (0, 3)),
    "FusedConv": ("Conv", (0, 1)),
    "FusedGemm": ("Gemm", (0, 1)),
    "FusedMatMul": ("MatMul", (0, 1)),
    "MatMulIntegerToFloat": ("MatMul", (0, 1)),
    "DynamicQuantizeMatMul": ("MatMul", (0, 1)),
    "DynamicQuantizeLSTM": ("LSTM", (0, 1, 2)),
    "QuantizeLinear": ("Relu", (0,)),
    "DequantizeLinear": ("Relu", (0,)),
    "Gelu": ("Relu", (0,)),
    "FastGelu": ("Relu", (0,)),
    "QuickGelu": ("Relu", (0,)),
}
_SMALL = 1024


def shapes_at_batch_one(model: onnx.ModelProto, constants: Constants) -> dict[str, tuple[int, ...]]:
    """Return the shape of every tensor whose shape is known when open batch axes have length 1."""
    sketch = onnx.ModelProto()
    sketch.ir_version = model.ir_version
    sketch.opset_import.extend(model.opset_import)
    graph = sketch.graph
    graph.name = "shapes"
    for value in model.graph.input:
        graph.input.add().CopyFrom(_batch_one(value))
    graph.output.extend(onnx.ValueInfoProto(name=item.name) for item in model.graph.output)
    given = {value.name for value in model.graph.input}
    for name, stored in constants.stored.items():
        # Small tensors hold shapes and axes, which inference reads; the others count by shape.
        if stored.elements <= _SMALL and not stored.is_sparse:
            graph.initializer.add().CopyFrom(stored.dense)
            graph.initializer[-1].name = name
        elif name not in given:
            kind, shape = stored.dense.data_type, list(stored.tensor.dims)
            graph.input.append(helper.make_tensor_value_info(name, kind, shape))
    graph.node.extend(_twin(node) for node in model.graph.node if node.op_type != "Constant")
    for node in model.graph.node:
        if (unpacked := unpacked_shape(node, constants)) is not None:
            value = helper.make_tensor_value_info(_unpacked(node), onnx.TensorProto.FLOAT, unpacked)
            graph.input.append(value)
    inferred = shape_inference.infer_shapes(sketch, data_prop=True).graph
    known = {name: tuple(stored.tensor.dims) for name, stored in constants.stored.items()}
    for value in (*inferred.input, *inferred.value_info, *inferred.output):
        shape = value.type.tensor_type.shape
        if value.type.tensor_type.HasField("shape") and all(d.dim_value > 0 for d in shape.dim):
            known[value.name] = tuple(d.dim_value for d in shape.dim)
    return known


def declared_shape(value: onnx.ValueInfoProto) -> Shape:
    """Return the shape of an input or output as the file declares it."""
    return tuple(
        length.dim_value if length.dim_value > 0 else length.dim_param or None
        for length in value.type.tensor_type.shape.dim
    )


def _batch_one(value: onnx.ValueInfoProto) -> onnx.ValueInfoProto:
    fixed = onnx.ValueInfoProto()
    fixed.CopyFrom(value)
    lengths = fixed.type.tensor_type.shape.dim
    if lengths and lengths[0].dim_value <= 0:
        lengths[0].dim_value = 1
    return fixed


def _twin(node: onnx.NodeProto) -> onnx.NodeProto:
    """Return a standard node with outputs of the same shapes, the node itself where none is."""
    if node.domain != "com.microsoft":
        return node
    twin = onnx.NodeProto()
    twin.CopyFrom(node)
    twin.domain = ""
    del twin.input[:]
    if node.op_type == "MatMulNBits":
        twin.op_type = "MatMul"
        twin.input.extend([node.input[0], _unpacked(node)])
    elif node.op_type == "GatherBlockQuantized":
        twin.op_type = "Gather"
        twin.input.extend([_unpacked(node), node.input[1]])
        twin.attribute.append(helper.make_attribute("axis", flag(node, "gather_axis")))
    elif node.op_type in _TWINS:
        twin.op_type, kept = _TWINS[node.op_type]
        twin.input.extend(node.input[index] for index in kept)
    else:
        return node
    return twin


def _unpacked(node: onnx.NodeProto) -> str:
    return f"{node.output[0]}/unpacked"


def unpacked_shape(node: onnx.NodeProto, constants: Constants) -> list[int] | None:
    """Return the shape of a packed weight as it would be without packing."""
    if node.op_type == "MatMulNBits":
        return [flag(node, "K"), flag(node, "N")]
    if node.op_type == "GatherBlockQuantized" and node.input[0] in constants.stored:
        stored = constants.stored[node.input[0]]
        *rest, last = stored.tensor.dims
        return [*rest, last * 8 // flag(node, "bits", 4) if stored.type == "uint8" else last]
    return None
