"""Resize, where PyTorch's interpolation takes the same samples."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F  # noqa: N812 - the name that everybody knows
from torch import Tensor, fx

from .builder import Node, operator

_LINEAR = {3: "linear", 4: "bilinear", 5: "trilinear"}


def interpolated(
    x: Tensor,
    size: list[Any] | None,
    factors: list[float] | None,
    mode: str,
    *,
    corners: bool | None,
) -> Tensor:
    """Resize the spatial axes to `size`, or by `factors`."""
    size = None if size is None else size[2:]
    return F.interpolate(x, size, factors, mode, corners)


@operator("Resize")
def resize(node: Node) -> fx.Node:
    """Nearest (asymmetric, floor), linear and cubic (half pixel, or corners aligned)."""
    node.expect(antialias=0, exclude_outside=0, keep_aspect_ratio_policy="stretch")
    if node.attribute("axes") is not None:
        node.refuse("axes are given")
    rank = node.rank()
    if rank not in _LINEAR:
        node.refuse(f"an input of {rank} axes")
    mode, corners = _mode(node, rank)
    size: Any = node.input(3)
    factors = None
    if isinstance(size, fx.Node):
        if not node.is_length(3):
            node.refuse("its sizes depend on the data")
    elif size is not None:
        size = [int(x) for x in size]
        if size[1] != node.shape()[1]:
            node.refuse("it resizes channels")
    else:
        given = node.constant(2, "its scales")
        if given is None or given.size != rank or (given[:2] != 1).any():
            node.refuse("it resizes the batch or the channels")
        factors = [float(x) for x in given[2:]]
    return node.call(interpolated, node.tensor(0), size, factors, mode, corners=corners)


def _mode(node: Node, rank: int) -> tuple[str, bool | None]:
    mode = node.attribute("mode", "nearest")
    places = node.attribute("coordinate_transformation_mode", "half_pixel")
    if mode == "nearest":
        rounding = node.attribute("nearest_mode", "round_prefer_floor")
        if (places, rounding) != ("asymmetric", "floor"):
            node.refuse(f"nearest by {places} and {rounding} (PyTorch: asymmetric and floor)")
        return "nearest", None
    if places not in {"half_pixel", "pytorch_half_pixel", "align_corners"}:
        node.refuse(f"coordinate_transformation_mode = {places}")
    if mode == "cubic":
        if rank != 4 or abs(node.attribute("cubic_coeff_a", -0.75) + 0.75) > 1e-6:  # noqa: PLR2004
            node.refuse("cubic other than on images with coefficient -0.75")
        return "bicubic", places == "align_corners"
    return _LINEAR[rank], places == "align_corners"
