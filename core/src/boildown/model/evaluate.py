"""Evaluate single constant nodes: onnx's reference operators, guarded against growth."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from onnx import ValueInfoProto, helper
from onnx.reference import ReferenceEvaluator

from ..errors import ModelError
from .dequantize import dequantize
from .layers import flag
from .stored import MAX_ELEMENTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx

#: Operators that change neither which numbers there are nor, but for the type, their values.
MOVES = frozenset({
    "Cast", "CastLike", "Reshape", "Slice", "Transpose", "Squeeze", "Unsqueeze", "Flatten",
    "Identity", "Expand", "Split", "Clip", "Floor", "Sign", "Neg", "Abs", "Not", "BitShift",
    "BitwiseAnd", "BitwiseNot", "Mod", "DequantizeLinear",
})  # fmt: skip
ELEMENTWISE = frozenset({
    "Mul", "Div", "Add", "Sub", "BitwiseOr", "BitwiseXor", "Equal", "Greater", "GreaterOrEqual",
    "Less", "LessOrEqual", "And", "Or", "Where", "Mod", "BitwiseAnd", "BitShift",
})  # fmt: skip
LOOKUPS = frozenset({"Gather", "GatherElements", "GatherND"})
SCATTERS = frozenset({"ScatterND", "ScatterElements"})
_OTHERS = frozenset({"Concat", "ConstantOfShape", "Shape", "Size", "CumSum"})
_FOLDABLE = MOVES | ELEMENTWISE | LOOKUPS | SCATTERS | _OTHERS
_MICROSOFT = "com.microsoft"


def is_foldable(node: onnx.NodeProto) -> bool:
    """Say whether a node with constant inputs may be computed while reading a model."""
    if node.domain == _MICROSOFT:
        return node.op_type == "DequantizeLinear"
    return node.domain in {"", "ai.onnx"} and node.op_type in _FOLDABLE


def evaluate(
    node: onnx.NodeProto, inputs: Sequence[np.ndarray | None], opset: int
) -> list[np.ndarray]:
    """Return the outputs of one foldable node; missing optional inputs are None.

    Raises ModelError where a result would have more than `MAX_ELEMENTS` elements.
    """
    elements = _elements(node, inputs)
    if elements > MAX_ELEMENTS:
        raise ModelError(
            f"node {node.name or node.op_type!r} computes a constant of {elements:,} elements,"
            f" more than the {MAX_ELEMENTS:,} that a model can hold"
        )
    if node.op_type == "DequantizeLinear":
        codes, scale, zero = (*inputs, None)[:3]
        if codes is None or scale is None:
            raise ModelError(f"node {node.name!r} (DequantizeLinear) lacks its codes or scale")
        axis, block = flag(node, "axis", 1), flag(node, "block_size")
        return [dequantize(codes, scale, zero, axis=axis, block=block)]
    arrays = {name: array for name, array in zip(node.input, inputs, strict=True) if name}
    graph = helper.make_graph(
        [node],
        "one node",
        [_typed(name, array) for name, array in arrays.items() if array is not None],
        [ValueInfoProto(name=name) for name in node.output],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    with np.errstate(all="ignore"):  # what damaged numbers make is refused where it is used
        return [np.asarray(item) for item in ReferenceEvaluator(model).run(None, arrays)]


def _typed(name: str, array: np.ndarray) -> ValueInfoProto:
    return helper.make_tensor_value_info(
        name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
    )


def _elements(node: onnx.NodeProto, inputs: Sequence[np.ndarray | None]) -> int:
    """Return how many elements the result has, known before it is computed."""
    arrays = [array for array in inputs if array is not None]
    if node.op_type in ELEMENTWISE:
        return math.prod(np.broadcast_shapes(*(array.shape for array in arrays)))
    if node.op_type in {"ConstantOfShape", "Expand"}:
        asked = [max(int(length), 1) for length in arrays[-1].reshape(-1)]
        return math.prod(asked) * (arrays[0].size if node.op_type == "Expand" else 1)
    if node.op_type in LOOKUPS:
        data, index = arrays[:2]
        return index.size * (data.size // max(min(data.shape, default=1), 1))
    return sum(array.size for array in arrays)
