"""Conv and ConvTranspose as Keras's convolutions, channels last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..keras import tf_keras
from .builder import Node, operator, same
from .norm_behind import norm_behind
from .padding import CUTS, padded, sides, windows

if TYPE_CHECKING:
    from .layout import Laid

_L = tf_keras.layers
_CONV: dict[int, Any] = {1: _L.Conv1D, 2: _L.Conv2D, 3: _L.Conv3D}
_TRANSPOSED: dict[int, Any] = {
    1: _L.Conv1DTranspose, 2: _L.Conv2DTranspose, 3: _L.Conv3DTranspose,
}  # fmt: skip
_IMAGE, _VOLUME = 2, 3


@operator("Conv")
def conv(node: Node) -> Laid:
    """W is (out, in / group, *kernel) in ONNX and (*kernel, in / group, out) in Keras."""
    weight = node.needed(1, "its weight")
    axes, kernel = _axes(node, weight), list(weight.shape[2:])
    node.expect(kernel_shape=kernel)
    strides = list(node.attribute("strides", [1] * axes))
    dilations = list(node.attribute("dilations", [1] * axes))
    if max(strides) > 1 and max(dilations) > 1:
        node.refuse(f"strides = {strides} together with dilations = {dilations}")
    groups, bias = node.attribute("group", 1), node.constant(2, "its bias")
    if groups > 1 and axes == _VOLUME:
        node.refuse(f"group = {groups} with three spatial axes, which LiteRT does not compute")
    laid = node.image()
    tensor, padding = padded(node, laid.tensor, windows(node, kernel, strides, dilations))
    settings: dict[str, Any] = {
        "strides": strides, "dilation_rate": dilations, "padding": padding,
        "use_bias": bias is not None,
    }  # fmt: skip
    # TensorFlow's depthwise kernel has one stride for both axes.
    if groups > 1 and weight.shape[1] == 1 and axes == _IMAGE and len(set(strides)) == 1:
        output = _depthwise(node, tensor, weight, groups, settings)
    else:
        settings["groups"] = groups
        output = node.layer(_CONV[axes], tensor, weight.shape[0], kernel, **settings)
        node.set(output, kernel=(1, turned(weight), turned_back))
    if bias is not None:
        node.set(output, bias=(2, bias, same))
    return laid.giving(norm_behind(node, output))


def turned(weight: np.ndarray) -> np.ndarray:
    """(out, in, *kernel) -> (*kernel, in, out)."""
    return np.moveaxis(weight, (0, 1), (-1, -2))


def turned_back(kernel: np.ndarray) -> np.ndarray:
    """(*kernel, in, out) -> (out, in, *kernel)."""
    return np.moveaxis(kernel, (-1, -2), (0, 1))


def _depthwise(
    node: Node,
    tensor: Any,
    weight: np.ndarray,
    channels: int,
    settings: dict[str, Any],
) -> Any:
    """(in · multiplier, 1, h, w) -> (h, w, in, multiplier)."""
    shape, each = weight.shape, weight.shape[0] // channels
    kernel = shape[2:]
    output = node.layer(_L.DepthwiseConv2D, tensor, kernel, depth_multiplier=each, **settings)
    values = weight.reshape(channels, each, *kernel).transpose(2, 3, 0, 1)
    back = _Depthwise(shape)
    node.set(output, depthwise_kernel=(1, values, back))
    return output


class _Depthwise:
    """(h, w, in, multiplier) -> (in · multiplier, 1, h, w)."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape

    def __call__(self, values: np.ndarray) -> np.ndarray:
        return values.transpose(2, 3, 0, 1).reshape(self.shape)


@operator("ConvTranspose")
def conv_transpose(node: Node) -> Laid:
    """W is (in, out, *kernel) in ONNX and (*kernel, out, in) in Keras.

    Keras computes all that the kernels reach; the pads of ONNX cut it.
    """
    weight = node.needed(1, "its weight")
    axes, kernel = _axes(node, weight), list(weight.shape[2:])
    node.expect(kernel_shape=kernel, auto_pad="NOTSET", dilations=[1] * axes, group=1)
    if node.attribute("output_shape") is not None:
        node.refuse("output_shape is given instead of pads")
    strides = list(node.attribute("strides", [1] * axes))
    pads = list(node.attribute("pads", [0] * 2 * axes))
    more = list(node.attribute("output_padding", [0] * axes))
    ends = [extra - end for extra, end in zip(more, pads[axes:], strict=True)]
    longer = [max(end, 0) for end in ends]
    if any(extra >= stride for extra, stride in zip(longer, strides, strict=True) if extra):
        node.refuse(f"output_padding = {more} is not below the strides")
    bias, laid = node.constant(2, "its bias"), node.image()
    output = node.layer(
        _TRANSPOSED[axes], laid.tensor, weight.shape[1], kernel, strides=strides,
        output_padding=longer, use_bias=bias is not None,
    )  # fmt: skip
    node.set(output, kernel=(1, turned(weight), turned_back))
    if bias is not None:
        node.set(output, bias=(2, bias, same))
    cuts = [(begin, max(-end, 0)) for begin, end in zip(pads[:axes], ends, strict=True)]
    if any(side for pair in cuts for side in pair):
        output = node.helper(CUTS[axes], output, "_cut", sides(CUTS[axes], cuts))
    return laid.giving(output)


def _axes(node: Node, weight: np.ndarray) -> int:
    axes = weight.ndim - 2
    if axes not in _CONV:
        node.refuse(f"{axes} spatial axes (Keras has 1 to 3)")
    return axes
