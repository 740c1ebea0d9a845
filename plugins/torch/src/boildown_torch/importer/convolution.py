"""Conv and ConvTranspose as `nn.Conv…d` and `nn.ConvTranspose…d`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import fx, nn

from .builder import Node, operator
from .padding import explicit_pads, padded

if TYPE_CHECKING:
    from typing import Any

    import numpy as np


_CONV: dict[int, Any] = {1: nn.Conv1d, 2: nn.Conv2d, 3: nn.Conv3d}
_TRANSPOSED: dict[int, Any] = {1: nn.ConvTranspose1d, 2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}


@operator("Conv")
def conv(node: Node) -> fx.Node:
    """W is (out, in / group, *kernel) in both."""
    weight, axes = _weight(node)
    kernel = list(weight.shape[2:])
    node.expect(kernel_shape=kernel)
    strides = node.attribute("strides", [1] * axes)
    dilations = node.attribute("dilations", [1] * axes)
    pads = explicit_pads(node, kernel, strides, dilations)
    groups = node.attribute("group", 1)
    begin, end = pads[:axes], pads[axes:]
    data = node.tensor(0)
    if begin != end:
        data, begin = padded(node, data, pads), [0] * axes
    layer = _CONV[axes](
        weight.shape[1] * groups,
        weight.shape[0],
        kernel,
        stride=strides,
        padding=begin,
        dilation=dilations,
        groups=groups,
        bias=node.input(2) is not None,
    )
    return _with_weights(node, layer, data, weight)


@operator("ConvTranspose")
def conv_transpose(node: Node) -> fx.Node:
    """W is (in, out / group, *kernel) in both."""
    weight, axes = _weight(node)
    node.expect(kernel_shape=list(weight.shape[2:]), auto_pad="NOTSET")
    if node.attribute("output_shape") is not None:
        node.refuse("output_shape is given instead of pads")
    pads = node.attribute("pads", [0] * 2 * axes)
    if list(pads[:axes]) != list(pads[axes:]):
        node.refuse(f"pads = {list(pads)} differ between begin and end")
    groups = node.attribute("group", 1)
    layer = _TRANSPOSED[axes](
        weight.shape[0],
        weight.shape[1] * groups,
        list(weight.shape[2:]),
        stride=node.attribute("strides", [1] * axes),
        padding=list(pads[:axes]),
        output_padding=node.attribute("output_padding", [0] * axes),
        dilation=node.attribute("dilations", [1] * axes),
        groups=groups,
        bias=node.input(2) is not None,
    )
    return _with_weights(node, layer, node.tensor(0), weight)


def _weight(node: Node) -> tuple[np.ndarray, int]:
    weight = node.constant(1, "its weight")
    assert weight is not None  # noqa: S101 - the checker wants one
    axes = weight.ndim - 2
    if axes not in _CONV:
        node.refuse(f"{axes} spatial axes (PyTorch has 1 to 3)")
    return weight, axes


def _with_weights(node: Node, layer: nn.Module, data: fx.Node, weight: np.ndarray) -> fx.Node:
    layer.weight = node.builder.parameter(node.proto.input[1], weight)
    bias = node.constant(2, "its bias")
    if bias is not None:
        layer.bias = node.builder.parameter(node.proto.input[2], bias)
    call = node.module(layer, data)
    node.own(call, "weight", 1)
    if bias is not None:
        node.own(call, "bias", 2)
    return call
