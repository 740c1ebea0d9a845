"""Lengths that a graph computes although only the batch is open, as constants.

Exporters write `view(n, groups, channels // groups, height, width)` as a chain of nodes from the
shape of a tensor on, behind which onnx's inference often knows nothing. Here every node is
followed with a batch of one and of two samples: what is the same for both is a constant.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TypeProto, defs, helper, numpy_helper, shape_inference

from ..errors import ModelError
from ..model.evaluate import evaluate, is_foldable
from ..model.layers import flag

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

#: No quotient, remainder or bound that depends on the batch is the same for all of these.
BATCHES = (1, 2, 251)
#: Larger constants are no lengths.
_SMALL = 1024
#: Operators that make as many elements as their last input says.
_GROWING = ("ConstantOfShape", "Expand")


def settle_lengths(model: ModelProto) -> ModelProto:
    """Return a copy in which small values that no input of the graph changes are initializers."""
    one, *others = (known_at(model, batch).values for batch in BATCHES)
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    kept = {tensor.name for tensor in model.graph.initializer}
    kept |= {item.name for item in model.graph.output}
    settled = {
        name: value
        for name, value in one.items()
        if name not in kept and all(_is_same(value, other.get(name)) for other in others)
    }
    nodes = [node for node in model.graph.node if not settled.keys() >= set(node.output)]
    del copy.graph.node[:]
    copy.graph.node.extend(nodes)
    copy.graph.initializer.extend(numpy_helper.from_array(v, name) for name, v in settled.items())
    return copy


def _is_same(one: np.ndarray, other: np.ndarray | None) -> bool:
    return other is not None and np.array_equal(one, other)


@dataclass(slots=True)
class Known:
    """What is known of the tensors of a graph at one batch size."""

    opset: int
    types: dict[str, TypeProto] = field(default_factory=dict)
    #: Small values that follow from constants and shapes.
    values: dict[str, np.ndarray] = field(default_factory=dict)

    def shape(self, name: str) -> tuple[int, ...] | None:
        """Return the shape of a tensor, None where it is not known."""
        kind = self.types[name].tensor_type if name in self.types else None
        if kind is None or not kind.HasField("shape"):
            return None
        lengths = tuple(item.dim_value for item in kind.shape.dim)
        return lengths if all(length > 0 for length in lengths) else None

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return all shapes that are known."""
        found = {name: self.shape(name) for name in self.types}
        return {name: shape for name, shape in found.items() if shape is not None}

    def hold(self, name: str, value: np.ndarray) -> None:
        """Note the value of a tensor."""
        kind = helper.np_dtype_to_tensor_dtype(value.dtype)
        self.types[name] = helper.make_tensor_type_proto(kind, value.shape)
        if value.size <= _SMALL:
            self.values[name] = value


def known_at(model: ModelProto, batch: int) -> Known:
    """Follow a graph at this length of its open axes."""
    opset = next(item.version for item in model.opset_import if item.domain in {"", "ai.onnx"})
    known = Known(opset)
    for item in model.graph.input:
        known.types[item.name] = TypeProto.FromString(item.type.SerializeToString())
        for dim in known.types[item.name].tensor_type.shape.dim:
            if dim.dim_value <= 0:
                dim.dim_value = batch
    for tensor in model.graph.initializer:
        known.types[tensor.name] = helper.make_tensor_type_proto(tensor.data_type, tensor.dims)
        if np.prod(tensor.dims) <= _SMALL:
            known.values[tensor.name] = numpy_helper.to_array(tensor)
    for node in model.graph.node:
        if node.domain in {"", "ai.onnx"}:
            value = _value(node, known)
            if value is not None:
                known.hold(node.output[0], value)
            else:
                _infer(node, known, model)
    return known


def _value(node: NodeProto, known: Known) -> np.ndarray | None:
    """Return what a node computes where that follows from what is known."""
    if node.op_type == "Shape":
        shape = known.shape(node.input[0])
        begin, end = flag(node, "start"), flag(node, "end", len(shape or ()))
        return None if shape is None else np.array(shape[begin:end], np.int64)
    if len(node.output) > 1 or not is_foldable(node):
        return None
    if any(name and name not in known.values for name in node.input):
        return None
    if node.op_type in _GROWING and np.prod(known.values[node.input[-1]]) > _SMALL:
        return None
    try:
        return evaluate(node, [known.values.get(name) for name in node.input], known.opset)[0]
    except ModelError:  # it would be no small value
        return None


def _infer(node: NodeProto, known: Known, model: ModelProto) -> None:
    names = [name for name in node.input if name]
    if not all(name in known.types for name in names):
        return
    try:
        known.types |= shape_inference.infer_node_outputs(
            defs.get_schema(node.op_type, known.opset, ""),
            node,
            {name: known.types[name] for name in names},
            {n: numpy_helper.from_array(known.values[n], n) for n in names if n in known.values},
            opset_imports=list(model.opset_import),
            ir_version=model.ir_version,
        )
    except (shape_inference.InferenceError, defs.SchemaError):
        return  # what it makes has no shape that is known
