"""Resized images: the sampling of Core ML that reads where ONNX does, if there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..toolkit import silently
from .lowering import Inexact, attribute, rule
from .rules import constant

with silently():
    from coremltools.converters.mil.mil import Builder as mb  # noqa: N813 - its usual name

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import NodeProto
    from onnx2coreml._lowering import LoweringContext as Context

_RANK = 4


@rule("Resize", "Upsample")
def _resize(context: Context, node: NodeProto) -> Any:
    """Take the way of Core ML whose samples lie where ONNX's do; there may be none."""
    x = context.values_map[node.input[0]]
    scales, sizes = constant(context, node, 2), constant(context, node, 3)
    kept = attribute(node, "keep_aspect_ratio_policy", "stretch") == "stretch"
    if node.op_type != "Resize" or attribute(node, "axes", None) or not kept or x.rank != _RANK:
        raise Inexact("only images resized to plain scales or sizes are taken")
    if attribute(node, "antialias", 0) or attribute(node, "exclude_outside", 0):
        raise Inexact("antialias and exclude_outside have no form in Core ML")
    if sizes is not None:
        scales = sizes / np.array(x.shape)
    elif scales is not None:
        sizes = np.floor(np.array(x.shape) * scales.astype(np.float64) + 1e-6)
    else:
        raise Inexact("neither scales nor sizes are given")
    if tuple(int(size) for size in sizes[:2]) != tuple(x.shape[:2]):
        raise Inexact("more than the two last axes are resized")
    images = [(x.shape[axis], int(sizes[axis]), float(scales[axis])) for axis in (2, 3)]
    target = {"target_size_height": images[0][1], "target_size_width": images[1][1]}
    mode = attribute(node, "mode", "nearest")
    placed = [_places(node, *image) for image in images]
    if mode == "nearest":
        rounded = [
            _rounded(node, places, image[0]) for places, image in zip(placed, images, strict=True)
        ]
        ours = [np.arange(out) * length // out for length, out, _scale in images]
        if all(map(np.array_equal, rounded, ours)):
            return mb.resize_nearest_neighbor(x=x, name=node.output[0], **target)
    if mode == "linear":
        for sampling, place in _SAMPLINGS.items():
            ours = [np.clip(place(length, out), 0, length - 1) for length, out, _scale in images]
            cut = [np.clip(at, 0, image[0] - 1) for at, image in zip(placed, images, strict=True)]
            if all(np.allclose(a, b, atol=1e-5) for a, b in zip(cut, ours, strict=True)):
                factors = [out / length for length, out, _scale in images]
                if sampling == "UNALIGN_CORNERS" and all(f.is_integer() for f in factors):
                    # The older format has this sampling for whole factors alone.
                    height, width = (np.float32(factor) for factor in factors)
                    return mb.upsample_bilinear(
                        x=x, scale_factor_height=height, scale_factor_width=width,
                        align_corners=False, name=node.output[0],
                    )  # fmt: skip
                return mb.resize_bilinear(
                    x=x, sampling_mode=sampling, name=node.output[0], **target
                )
    raise Inexact(f"Core ML has no {mode} sampling at the places that this node takes")


_SAMPLINGS: dict[str, Callable[[int, int], np.ndarray]] = {
    "UNALIGN_CORNERS": lambda length, out: (np.arange(out) + 0.5) * length / out - 0.5,
    "DEFAULT": lambda length, out: np.arange(out) * length / out,
    "STRICT_ALIGN_CORNERS": lambda length, out: np.arange(out) * (length - 1) / max(out - 1, 1),
}


def _places(node: NodeProto, length: int, out: int, scale: float) -> np.ndarray:
    """Return where ONNX reads the source for each of `out` results (its specification, Resize)."""
    place, kind = np.arange(out), attribute(node, "coordinate_transformation_mode", "half_pixel")
    if kind == "asymmetric":
        return place / scale
    if kind == "align_corners":
        return place * (length - 1) / max(out - 1, 1)
    if kind == "half_pixel" or (kind == "pytorch_half_pixel" and out > 1):
        return (place + 0.5) / scale - 0.5
    raise Inexact(f"coordinate_transformation_mode = {kind}")


def _rounded(node: NodeProto, places: np.ndarray, length: int) -> np.ndarray:
    ways: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        "floor": np.floor,
        "ceil": np.ceil,
        "round_prefer_floor": lambda at: np.ceil(at - 0.5),
        "round_prefer_ceil": lambda at: np.floor(at + 0.5),
    }
    way = attribute(node, "nearest_mode", "round_prefer_floor")
    return np.asarray(np.clip(ways[way](places), 0, length - 1))
