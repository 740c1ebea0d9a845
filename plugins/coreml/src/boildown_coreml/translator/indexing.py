"""Slices, and reading and writing at computed places."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto

from .builder import operator

if TYPE_CHECKING:
    from .builder import Op

_FAR = np.iinfo(np.int64).max
_WRITES = {"update": "none", "add": "add", "mul": "mul", "max": "max", "min": "min"}


@operator("slice_by_index")
def _slice_by_index(op: Op) -> str:
    """A set bit of a mask says: from the first, to the last, or one place whose axis goes."""
    rank = len(op.shape())
    begins, ends = op.value("begin"), op.value("end")
    strides = op.value("stride", [1] * rank)
    masks = [op.value(f"{name}_mask", [False] * rank) for name in ("begin", "end", "squeeze")]
    gone = [axis for axis in range(rank) if masks[2][axis]]
    for axis, (from_first, to_last, single) in enumerate(zip(*masks, strict=True)):
        forward = strides[axis] > 0
        if from_first:
            begins[axis] = 0 if forward else _FAR
        if to_last:
            ends[axis] = _FAR if forward else -_FAR
        if single:
            ends[axis], strides[axis] = begins[axis] + 1 or _FAR, 1
    parts = (begins, ends, range(rank), strides)
    found = op.emit("Slice", op.tensor(), *map(op.lengths, parts))
    return op.emit("Squeeze", found, op.lengths(gone)) if gone else found


@operator("slice_by_size")
def _slice_by_size(op: Op) -> str:
    begins, shape = op.value("begin"), op.shape()
    starts = [begin % length if length else 0 for begin, length in zip(begins, shape, strict=True)]
    ends = [start + size for start, size in zip(starts, op.result_shape(), strict=True)]
    parts = (starts, ends, range(len(starts)))
    return op.emit("Slice", op.tensor(), *map(op.lengths, parts))


@operator("crop")
def _crop(op: Op) -> str:
    """The two numbers of each axis are cut off at its beginning and its end."""
    (top, bottom), (left, right) = op.value("crop_height"), op.value("crop_width")
    height, width = op.shape()[-2:]
    parts = ([top, left], [height - bottom, width - right], [-2, -1])
    return op.emit("Slice", op.tensor(), *map(op.lengths, parts))


@operator("gather")
def _gather(op: Op) -> str:
    if op.value("batch_dims", 0):
        op.refuse("batch_dims is not 0")
    axis = int(op.value("axis", 0))
    return op.layer("Gather", "x", op.tensor(), op.tensor("indices"), axis=axis)


@operator("gather_along_axis")
def _gather_along_axis(op: Op) -> str:
    axis = int(op.value("axis", 0))
    return op.emit("GatherElements", op.tensor(), op.tensor("indices"), axis=axis)


def _places(op: Op) -> str:
    return op.emit("Cast", op.tensor("indices"), to=TensorProto.INT64)


@operator("gather_nd")
def _gather_nd(op: Op) -> str:
    batch_dims = int(op.value("batch_dims", 0))
    return op.emit("GatherND", op.tensor(), _places(op), batch_dims=batch_dims)


def _writing(op: Op) -> str:
    mode = op.value("mode", "add")
    if mode not in _WRITES:
        op.refuse(f"mode {mode!r} is not one of ONNX's")
    return _WRITES[mode]


@operator("scatter_nd")
def _scatter_nd(op: Op) -> str:
    inputs = (op.tensor("data"), _places(op), op.tensor("updates"))
    return op.emit("ScatterND", *inputs, reduction=_writing(op))


@operator("scatter_along_axis")
def _scatter_along_axis(op: Op) -> str:
    inputs = (op.tensor("data"), op.tensor("indices"), op.tensor("updates"))
    axis = int(op.value("axis", 0))
    return op.emit("ScatterElements", *inputs, axis=axis, reduction=_writing(op))
