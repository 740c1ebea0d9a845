"""Resize: nearest by places worked out here, linear where TensorFlow takes the same samples."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..keras import tf, tf_keras
from .builder import Node, operator
from .layout import Laid, channels_last
from .operation import function

_SPATIAL = 2


@function
def bilinear(x: Any, size: list[int], half_pixel: bool, corners: bool) -> Any:
    """Interpolate height and width."""
    return tf.raw_ops.ResizeBilinear(
        images=x, size=size, align_corners=corners, half_pixel_centers=half_pixel
    )


@operator("Resize", "Upsample")
def resize(node: Node) -> Laid:
    """Height and width only; nearest in all modes, linear with TensorFlow's three."""
    node.expect(antialias=0, exclude_outside=0, keep_aspect_ratio_policy="stretch")
    if node.attribute("axes") is not None:
        node.refuse("axes are given")
    laid = node.image()
    if laid.order != channels_last(4):
        node.refuse(f"an input of {laid.rank} axes")
    lengths = [length or 0 for length in laid.shape[_SPATIAL:]]
    size, scales = _target(node, lengths)
    mode = node.attribute("mode", "nearest")
    if mode == "nearest":
        return _nearest(node, laid, size, scales)
    if mode != "linear":
        node.refuse(f"mode = {mode}")
    places = node.attribute("coordinate_transformation_mode", "half_pixel")
    if places == "pytorch_half_pixel" and 1 not in size:
        places = "half_pixel"
    if places not in {"half_pixel", "align_corners", "asymmetric"}:
        node.refuse(f"coordinate_transformation_mode = {places}")
    exact = zip(lengths, size, scales, strict=True)
    if places != "align_corners" and any(n * scale != to for n, to, scale in exact):
        node.refuse(f"scales = {scales} do not give whole lengths")
    output = node.operate(
        "bilinear", laid.tensor, size=size, half_pixel=places == "half_pixel",
        corners=places == "align_corners",
    )  # fmt: skip
    return laid.giving(output)


def _target(node: Node, lengths: list[int]) -> tuple[list[int], list[float]]:
    """Return the lengths wanted, and the factors."""
    wanted = node.lengths(3, "its sizes")
    if wanted:
        if wanted[1].count != node.shape()[1]:
            node.refuse("it resizes channels")
        size = [length.count for length in wanted[_SPATIAL:]]
        return size, [to / n for to, n in zip(size, lengths, strict=True)]
    place = 1 if node.op == "Upsample" or node.builder.opset < 11 else 2  # noqa: PLR2004
    given = node.attribute("scales") if len(node.proto.input) == 1 else node.constant(
        place, "its scales")  # fmt: skip
    factors = [] if given is None else np.asarray(given, np.float32).tolist()
    if len(factors) != len(lengths) + _SPATIAL or factors[:_SPATIAL] != [1, 1]:
        node.refuse("it resizes the batch or the channels")
    scales = factors[_SPATIAL:]
    return [math.floor(n * scale) for n, scale in zip(lengths, scales, strict=True)], scales


def _nearest(node: Node, laid: Laid, size: list[int], scales: list[float]) -> Laid:
    """By a layer where each pixel is repeated, else by the places of ONNX's rule."""
    lengths = [length or 0 for length in laid.shape[_SPATIAL:]]
    places = [
        _places(node, n, to, scale) for n, to, scale in zip(lengths, size, scales, strict=True)
    ]
    times = [to // n for to, n in zip(size, lengths, strict=True)]
    if all(
        (found == np.arange(n).repeat(each)).all() if len(found) == n * each else False
        for found, n, each in zip(places, lengths, times, strict=True)
    ):
        return laid.giving(node.layer(tf_keras.layers.UpSampling2D, laid.tensor, tuple(times)))
    output = laid.tensor
    for axis, found in enumerate(places):
        suffix = "" if axis else "_rows"
        output = node.operate("taken", output, suffix=suffix, places=found.tolist(), axis=axis + 1)
    return laid.giving(output)


def _places(node: Node, length: int, to: int, factor: float) -> np.ndarray:
    """Return the source place of each place, by ONNX's formulas."""
    scale = np.float32(factor)
    mode = node.attribute("coordinate_transformation_mode", "half_pixel")
    rounding = node.attribute("nearest_mode", "round_prefer_floor")
    if node.op == "Upsample" or node.builder.opset < 11:  # noqa: PLR2004 - before it had modes
        mode, rounding = "asymmetric", "floor"
    # ONNX Runtime computes places in float32, which shows where one is almost whole.
    x, half = np.arange(to, dtype=np.float32), np.float32(0.5)
    if mode in {"half_pixel", "pytorch_half_pixel"}:
        at = (x + half) / scale - half if to > 1 or mode == "half_pixel" else x * 0
    elif mode == "half_pixel_symmetric":
        middle = half * length * (1 - to / (scale * length))
        at = middle + (x + half) / scale - half
    elif mode == "align_corners":
        at = x * np.float32(length - 1) / np.float32(to - 1) if to > 1 else x * 0
    elif mode == "asymmetric":
        at = x / scale
    else:
        node.refuse(f"coordinate_transformation_mode = {mode}")
    rounded = {
        "round_prefer_floor": np.ceil(at - half), "round_prefer_ceil": np.floor(at + half),
        "floor": np.floor(at), "ceil": np.ceil(at),
    }[rounding]  # fmt: skip
    places: np.ndarray = np.clip(rounded, 0, length - 1).astype(np.int64)
    return places
