"""Pooling: windows whose places and pads are ONNX's, in layers that can be quantized."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..keras import tf, tf_keras
from .builder import Constant, Node, operator, same
from .operation import function
from .padding import CUTS, ZEROS, Window, padded, sides, windows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnx

    from .builder import Builder
    from .layout import Laid

_L = tf_keras.layers
_MAX: dict[int, Any] = {1: _L.MaxPooling1D, 2: _L.MaxPooling2D, 3: _L.MaxPooling3D}
_AVERAGE: dict[int, Any] = {
    1: _L.AveragePooling1D, 2: _L.AveragePooling2D, 3: _L.AveragePooling3D,
}  # fmt: skip
_OVER_ALL: dict[str, dict[int, Any]] = {
    "GlobalAveragePool": {
        1: _L.GlobalAveragePooling1D, 2: _L.GlobalAveragePooling2D, 3: _L.GlobalAveragePooling3D,
    },
    "GlobalMaxPool": {
        1: _L.GlobalMaxPooling1D, 2: _L.GlobalMaxPooling2D, 3: _L.GlobalMaxPooling3D,
    },
}  # fmt: skip
_PASSING = {"MaxPool", "Identity", "Dropout", "Reshape", "Flatten", "Transpose"}


@operator("MaxPool")
def max_pool(node: Node) -> Laid:
    """Pads never win."""
    found, axes, laid = *_windows(node), node.image()
    kernel, strides = [w.kernel for w in found], [w.stride for w in found]
    tensor, padding = laid.tensor, "valid"
    if all(window.is_same for window in found):
        padding = "same"
    elif _never_negative(node.builder, node.proto.input[0]):
        tensor, padding = padded(node, tensor, found)
    else:
        tensor = _edges_repeated(node, tensor, found)
    return laid.giving(node.layer(_MAX[axes], tensor, kernel, strides=strides, padding=padding))


def _never_negative(builder: Builder, name: str) -> bool:
    """Tell whether a value cannot be below 0, so that zeros around it never win."""
    node = builder.producer(name)
    if node is None:
        return False
    if node.op_type in _PASSING:
        return _never_negative(builder, node.input[0])
    return node.op_type in {"Relu", "Sigmoid"} or (
        node.op_type == "Clip" and _least(builder, node) >= 0
    )


def _least(builder: Builder, clip: onnx.NodeProto) -> float:
    if len(clip.input) > 1 and clip.input[1]:
        bound = builder.values.get(clip.input[1])
        return float(bound.item()) if isinstance(bound, np.ndarray) else -math.inf
    return float(Node(clip, builder).attribute("min", -math.inf))


def _edges_repeated(node: Node, tensor: Any, found: Sequence[Window]) -> Any:
    """Repeat the border: each window that has some of it also has the border itself.

    Pads of the smallest float would ruin the ranges of an int8 tensor.
    """
    for axis, window in enumerate(found):
        if window.begin >= window.kernel or window.end >= window.kernel:
            node.refuse(f"pads of {window.begin} and {window.end} around a kernel of the same size")
        pieces = [tensor]
        lengths = tensor.shape[1:-1]
        if window.begin:
            pieces = [_border(node, tensor, axis, lengths, first=True)] * window.begin + pieces
        if window.end:
            pieces += [_border(node, tensor, axis, lengths, first=False)] * window.end
        if len(pieces) > 1:
            name = node.builder.free(f"{node.name}_pad")
            tensor = _L.Concatenate(axis=axis + 1, name=name)(pieces)
    return tensor


def _border(
    node: Node,
    tensor: Any,
    axis: int,
    lengths: Sequence[int],
    *,
    first: bool,
) -> Any:
    cuts = [(0, 0)] * len(lengths)
    rest = lengths[axis] - 1
    cuts[axis] = (0, rest) if first else (rest, 0)
    layer = CUTS[len(lengths)]
    return node.helper(layer, tensor, "_border", sides(layer, cuts))


@operator("AveragePool")
def average_pool(node: Node) -> Laid:
    """Of the cells inside, or of the pads that ONNX gives as well (`count_include_pad`)."""
    found, axes, laid = *_windows(node), node.image()
    kernel, strides = [w.kernel for w in found], [w.stride for w in found]
    counted = bool(node.attribute("count_include_pad", 0))
    if not counted and all(window.is_same for window in found):
        output = node.layer(_AVERAGE[axes], laid.tensor, kernel, strides=strides, padding="same")
        return laid.giving(output)
    tensor = laid.tensor
    pairs = [(window.begin, window.end) for window in found]
    if any(side for pair in pairs for side in pair):
        tensor = node.helper(ZEROS[axes], tensor, "_pad", sides(ZEROS[axes], pairs))
    output = node.layer(_AVERAGE[axes], tensor, kernel, strides=strides)
    factor = _factors(found, counted=counted)
    if (factor != 1).any():
        constant = Constant(factor[None, ..., None], "", same)
        output = node.operate("rescaled", output, constant, suffix="_count")
    return laid.giving(output)


@function
def rescaled(x: Any, factor: Any) -> Any:
    """Undo that an average counted cells that are not there."""
    return tf.multiply(x, factor)


def _factors(found: Sequence[Window], *, counted: bool) -> np.ndarray:
    """Return, for each place of the window, its size divided by the cells that count."""
    factor = np.ones((1,) * len(found), np.float64)
    for axis, window in enumerate(found):
        low, high = (-window.begin, window.length + window.given_end) if counted else (
            0, window.length)  # fmt: skip
        starts = np.arange(window.count) * window.stride - window.begin
        cells = np.minimum(starts + window.kernel, high) - np.maximum(starts, low)
        shape = [1] * len(found)
        shape[axis] = -1
        factor = factor * (window.kernel / cells).reshape(shape)
    return factor.astype(np.float32)


@operator("GlobalAveragePool", "GlobalMaxPool")
def over_all(node: Node) -> Laid:
    """One number a channel."""
    laid = node.image()
    kind = _OVER_ALL[node.op].get(laid.rank - 2)
    if kind is None:
        node.refuse(f"{laid.rank - 2} spatial axes (Keras has 1 to 3)")
    return laid.giving(node.layer(kind, laid.tensor, keepdims=True))


def _windows(node: Node) -> tuple[list[Window], int]:
    kernel = list(node.attribute("kernel_shape"))
    axes = len(kernel)
    if axes not in _MAX:
        node.refuse(f"{axes} spatial axes (Keras has 1 to 3)")
    node.expect(storage_order=0, dilations=[1] * axes)
    strides = list(node.attribute("strides", [1] * axes))
    ceil = bool(node.attribute("ceil_mode", 0))
    return windows(node, kernel, strides, [1] * axes, ceil=ceil), axes
