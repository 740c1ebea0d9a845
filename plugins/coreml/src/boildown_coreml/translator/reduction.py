"""Reductions over axes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto

from .builder import TYPES, operator, type_of

if TYPE_CHECKING:
    from .builder import Op

_REDUCTIONS = {
    "reduce_l1_norm": "ReduceL1",
    "reduce_l2_norm": "ReduceL2",
    "reduce_log_sum": "ReduceLogSum",
    "reduce_log_sum_exp": "ReduceLogSumExp",
    "reduce_max": "ReduceMax",
    "reduce_mean": "ReduceMean",
    "reduce_min": "ReduceMin",
    "reduce_prod": "ReduceProd",
    "reduce_sum": "ReduceSum",
    "reduce_sum_square": "ReduceSumSquare",
}


@operator(*_REDUCTIONS)
def _reduce(op: Op) -> str:
    axes = op.value("axes", list(range(len(op.shape()))))
    axes = [axes] if isinstance(axes, int) else axes
    keep = int(op.value("keep_dims", default=False))
    kind = _REDUCTIONS[op.mil.op_type]
    return op.emit(kind, op.tensor(), op.lengths(axes), keepdims=keep)


@operator("reduce_argmax", "reduce_argmin")
def _extreme(op: Op) -> str:
    kind = "ArgMax" if op.mil.op_type == "reduce_argmax" else "ArgMin"
    keep = int(op.value("keep_dims", default=False))
    place = op.emit(kind, op.tensor(), axis=int(op.value("axis", -1)), keepdims=keep)
    return op.emit("Cast", place, to=TYPES[type_of(op.outputs[0])])


@operator("topk")
def _topk(op: Op) -> list[str]:
    if not op.value("sort", default=True):
        op.refuse("the order of the results is not given")
    values, places = op.graph.node(
        "TopK",
        [op.tensor(), op.lengths([op.value("k", 1)])],
        op.name,
        2,
        axis=int(op.value("axis", -1)),
        largest=int(not op.value("ascending", default=False)),
    )
    if not op.value("return_indices", default=True):
        return [values]
    return [values, op.emit("Cast", places, to=TYPES[type_of(op.outputs[1])])]


@operator("one_hot")
def _one_hot(op: Op) -> str:
    size = op.value("one_hot_vector_size")
    if size is None:
        op.refuse("its length is not given")
    wanted = TYPES[type_of(op.outputs[0])]
    ends = np.array([op.value("off_value", 0), op.value("on_value", 1)])
    real = wanted == TensorProto.FLOAT
    values = op.graph.constant(ends.astype(np.float32 if real else np.int32), op.name)
    # ONNX Runtime has this operator for indices of 64 bits alone.
    indices = op.emit("Cast", op.tensor("indices"), to=TensorProto.INT64)
    axis = int(op.value("axis", -1))
    return op.emit("OneHot", indices, op.lengths([size]), values, axis=axis)
