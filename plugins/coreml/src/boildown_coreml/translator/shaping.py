"""Operators that only move values: shapes, joints, margins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .builder import operator

if TYPE_CHECKING:
    from .builder import Op

_PAD_MODES = {"constant": "constant", "reflect": "reflect", "replicate": "edge"}


@operator("reshape", "flatten2d")
def _reshape(op: Op) -> str:
    return op.emit("Reshape", op.tensor(), op.lengths(op.result_shape()))


@operator("transpose")
def _transpose(op: Op) -> str:
    rank = len(op.shape())
    return op.emit("Transpose", op.tensor(), perm=[axis % rank for axis in op.value("perm")])


@operator("squeeze")
def _squeeze(op: Op) -> str:
    axes = op.value("axes", [at for at, length in enumerate(op.shape()) if length == 1])
    return op.emit("Squeeze", op.tensor(), op.lengths(axes))


@operator("expand_dims")
def _expand_dims(op: Op) -> str:
    return op.emit("Unsqueeze", op.tensor(), op.lengths(op.value("axes")))


@operator("concat")
def _concat(op: Op) -> str:
    if op.value("interleave", default=False):
        op.refuse("its inputs are interleaved")
    tensors = [op.graph.tensor(var) for var in op.var("values")]
    return op.emit("Concat", *tensors, axis=int(op.value("axis")))


@operator("stack")
def _stack(op: Op) -> str:
    axis = int(op.value("axis"))
    where = op.lengths([axis])
    parts = [op.emit("Unsqueeze", op.graph.tensor(var), where) for var in op.var("values")]
    return op.emit("Concat", *parts, axis=axis)


@operator("split")
def _split(op: Op) -> list[str]:
    axis, count = int(op.value("axis")), len(op.outputs)
    sizes = op.lengths(op.result_shape(place)[axis] for place in range(count))
    return op.graph.node("Split", [op.tensor(), sizes], op.name, count, axis=axis)


@operator("tile")
def _tile(op: Op) -> str:
    return op.emit("Tile", op.tensor(), op.lengths(op.value("reps")))


@operator("pad")
def _pad(op: Op) -> str:
    """MIL names the margins of the last axes alone, begin and end of each in turn."""
    mode, given = op.value("mode", "constant"), op.value("pad")
    if mode not in _PAD_MODES:
        op.refuse(f"mode {mode!r} is not one of ONNX's")
    pads = [0] * (2 * len(op.shape()) - len(given)) + given
    inputs = [op.tensor(), op.lengths([*pads[0::2], *pads[1::2]])]
    if mode == "constant":
        inputs.append(op.number(op.value("constant_val", 0.0)))
    return op.emit("Pad", *inputs, mode=_PAD_MODES[mode])


@operator("depth_to_space", "pixel_shuffle")
def _depth_to_space(op: Op) -> str:
    """The first counts channels within a block last, the second first."""
    if op.mil.op_type == "pixel_shuffle":
        size = int(op.value("upscale_factor"))
        return op.emit("DepthToSpace", op.tensor(), blocksize=size, mode="CRD")
    size = int(op.value("block_size"))
    return op.emit("DepthToSpace", op.tensor(), blocksize=size, mode="DCR")


@operator("space_to_depth")
def _space_to_depth(op: Op) -> str:
    return op.emit("SpaceToDepth", op.tensor(), blocksize=int(op.value("block_size")))


@operator("pixel_unshuffle")
def _pixel_unshuffle(op: Op) -> str:
    """(N, C, H r, W r) -> (N, C r r, H, W), the channel first."""
    factor = int(op.value("downscale_factor"))
    _n, channels, height, width = op.shape()
    cut = (0, channels, height // factor, factor, width // factor, factor)
    blocks = op.emit("Reshape", op.tensor(), op.lengths(cut))
    moved = op.emit("Transpose", blocks, perm=[0, 1, 3, 5, 2, 4])
    return op.emit("Reshape", moved, op.lengths((0, *op.result_shape()[1:])))


@operator("reverse")
def _reverse(op: Op) -> str:
    axes = op.value("axes", list(range(len(op.shape()))))
    backwards = [-1] * len(axes)
    ends = [np.iinfo(np.int64).min] * len(axes)
    return op.emit("Slice", op.tensor(), *map(op.lengths, (backwards, ends, axes, backwards)))


@operator("fill")
def _fill(op: Op) -> str:
    lengths = op.value("shape")
    return op.emit("Expand", op.graph.tensor(op.var("value")), op.lengths(lengths))
