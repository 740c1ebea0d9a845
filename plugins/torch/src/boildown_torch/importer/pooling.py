"""Pooling as layers of `torch.nn`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from torch import fx, nn

from .builder import Node, operator
from .padding import explicit_pads, padded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
from typing import Any

_MAX = {1: nn.MaxPool1d, 2: nn.MaxPool2d, 3: nn.MaxPool3d}
_AVERAGE = {1: nn.AvgPool1d, 2: nn.AvgPool2d, 3: nn.AvgPool3d}
_GLOBAL_AVERAGE: dict[int, Any] = {
    1: nn.AdaptiveAvgPool1d,
    2: nn.AdaptiveAvgPool2d,
    3: nn.AdaptiveAvgPool3d,
}
_GLOBAL_MAX: dict[int, Any] = {
    1: nn.AdaptiveMaxPool1d,
    2: nn.AdaptiveMaxPool2d,
    3: nn.AdaptiveMaxPool3d,
}


@operator("MaxPool")
def max_pool(node: Node) -> fx.Node:
    """Pads count as minus infinity, as does what lies in the window anyway: the edge once more.

    Infinite numbers would break every quantizer that looks at the range of what is pooled.
    """
    kernel, strides, dilations, pads, ceil = _settings(node, _MAX)
    axes, data = len(kernel), node.tensor(0)
    inside = pads[:axes]
    if pads[:axes] != pads[axes:] or any(2 * p > k for p, k in zip(inside, kernel, strict=True)):
        if ceil:
            node.refuse("ceil_mode together with pads that differ")
        if any(dilation != 1 for dilation in dilations):
            node.refuse("dilations together with pads that differ")
        data, inside = padded(node, data, pads, "replicate"), [0] * axes
    layer = _MAX[axes](
        tuple(kernel), tuple(strides), tuple(inside), tuple(dilations), ceil_mode=ceil
    )
    return node.module(layer, data)


@operator("AveragePool")
def average_pool(node: Node) -> fx.Node:
    """Pads count as zeros, or not at all."""
    kernel, strides, dilations, pads, ceil = _settings(node, _AVERAGE)
    if any(dilation != 1 for dilation in dilations):
        node.refuse(f"dilations = {list(dilations)} (PyTorch averages without)")
    axes, data, counted = len(kernel), node.tensor(0), bool(node.attribute("count_include_pad", 0))
    inside = pads[:axes]
    if pads[:axes] != pads[axes:] or any(2 * p > k for p, k in zip(inside, kernel, strict=True)):
        if not counted or ceil:
            node.refuse(f"pads = {pads} differ, and are not counted")
        data, inside = padded(node, data, pads), [0] * axes
    layer = _AVERAGE[axes](
        tuple(kernel), tuple(strides), tuple(inside), ceil_mode=ceil, count_include_pad=counted
    )
    return node.module(layer, data)


@operator("GlobalAveragePool", "GlobalMaxPool")
def over_all(node: Node) -> fx.Node:
    """One number a channel."""
    kinds = _GLOBAL_AVERAGE if node.proto.op_type == "GlobalAveragePool" else _GLOBAL_MAX
    axes = node.rank() - 2
    if axes not in kinds:
        node.refuse(f"{axes} spatial axes (PyTorch has 1 to 3)")
    return node.module(kinds[axes](1), node.tensor(0))


def _settings(
    node: Node, kinds: Mapping[int, type]
) -> tuple[Sequence[int], Sequence[int], Sequence[int], list[int], bool]:
    node.expect(storage_order=0)
    kernel = node.attribute("kernel_shape")
    axes = len(kernel)
    if axes not in kinds:
        node.refuse(f"{axes} spatial axes (PyTorch has 1 to 3)")
    strides = node.attribute("strides", [1] * axes)
    dilations = node.attribute("dilations", [1] * axes)
    pads = explicit_pads(node, kernel, strides, dilations)
    ceil = bool(node.attribute("ceil_mode", 0))
    if ceil:
        _expect_same_count(node, kernel, strides, dilations, pads)
    return kernel, strides, dilations, pads, ceil


def _expect_same_count(
    node: Node,
    kernel: Sequence[int],
    strides: Sequence[int],
    dilations: Sequence[int],
    pads: list[int],
) -> None:
    """Refuse a last window that PyTorch leaves out since it would begin behind the input."""
    axes = len(kernel)
    places = zip(
        node.shape()[2:], kernel, strides, dilations, pads[:axes], pads[axes:], strict=True
    )
    for length, width, stride, dilation, begin, end in places:
        if length is None:
            continue
        count = math.ceil((length + begin + end - dilation * (width - 1) - 1) / stride) + 1
        if (count - 1) * stride >= length + begin:
            node.refuse("ceil_mode adds a window that lies in the padding alone")
