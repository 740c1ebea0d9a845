"""Pads of convolutions and pooling, as ONNX gives them: begins of all axes, then ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch.nn.functional as F  # noqa: N812 - the name that everybody knows
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import fx

    from .builder import Node


def explicit_pads(
    node: Node, kernel: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> list[int]:
    """Return the pads of a node; those of `auto_pad` are computed from the input's fixed shape."""
    axes, mode = len(kernel), node.attribute("auto_pad", "NOTSET")
    if mode == "NOTSET":
        return list(node.attribute("pads", [0] * 2 * axes))
    if mode == "VALID":
        return [0] * 2 * axes
    begins, ends = [], []
    sizes = zip(node.shape()[2:], kernel, strides, dilations, strict=True)
    for length, width, stride, dilation in sizes:
        if length is None:
            node.refuse(f"auto_pad = {mode} on an axis of open length")
        reach = (width - 1) * dilation + 1
        total = max((-(-length // stride) - 1) * stride + reach - length, 0)
        less, more = total // 2, total - total // 2
        begins.append(less if mode == "SAME_UPPER" else more)
        ends.append(more if mode == "SAME_UPPER" else less)
    return begins + ends


def pad(data: Tensor, pads: list[int], mode: str) -> Tensor:
    """Pad the last axes; `pads` in PyTorch's order: last axis first, begin and end."""
    return F.pad(data, pads, mode)


def padded(
    node: Node,
    data: fx.Node,
    pads: Sequence[int],
    mode: Literal["constant", "replicate"] = "constant",
) -> fx.Node:
    """Pad with zeros or edges before a layer that cannot pad both sides differently itself."""
    axes = len(pads) // 2
    turned = [pads[axis + side * axes] for axis in reversed(range(axes)) for side in (0, 1)]
    return node.call(pad, data, turned, mode)
