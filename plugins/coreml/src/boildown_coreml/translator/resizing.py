"""Images made larger or smaller, and sampled on a grid.

Where a sample lies follows the documentation of MIL's operators (coremltools,
`mil/ops/defs/iOS15/image_resizing.py` and later).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .builder import operator

if TYPE_CHECKING:
    from .builder import Op

#: MIL's way to place samples -> ONNX's.
_PLACES = {
    "DEFAULT": "asymmetric",
    "STRICT_ALIGN_CORNERS": "align_corners",
    "ALIGN_CORNERS": "align_corners",
    "UNALIGN_CORNERS": "half_pixel",
}
_MARGINS = {
    "constant": "zeros",
    "border": "border",
    "reflection": "reflection",
    "symmetric": "reflection",
}


def _resize(op: Op, mode: str, places: str) -> str:
    """Resize the last two axes to the shape that the program gives its result."""
    rank = len(op.shape())
    sizes = op.lengths(op.result_shape()[-2:])
    rounding = {"nearest_mode": "floor"} if mode == "nearest" else {}
    return op.emit(
        "Resize",
        op.tensor(),
        "",
        "",
        sizes,
        mode=mode,
        axes=[rank - 2, rank - 1],
        coordinate_transformation_mode=places,
        **rounding,
    )


def _refuse_fractions(op: Op) -> None:
    """Refuse a factor whose result has no whole length: the two sides round it differently."""
    for axis, name in ((-2, "scale_factor_height"), (-1, "scale_factor_width")):
        exact = op.shape()[axis] * float(op.value(name, 1))
        if abs(exact - op.result_shape()[axis]) > 1e-4:  # noqa: PLR2004 - float32 of the factor
            op.refuse(f"its {name} gives a length of {exact}")


@operator("upsample_nearest_neighbor")
def _upsample_nearest(op: Op) -> str:
    _refuse_fractions(op)
    return _resize(op, "nearest", "asymmetric")


@operator("resize_nearest_neighbor")
def _resize_nearest(op: Op) -> str:
    return _resize(op, "nearest", "asymmetric")


@operator("upsample_bilinear")
def _upsample_bilinear(op: Op) -> str:
    _refuse_fractions(op)
    aligned = op.value("align_corners", default=True)
    centred = op.value("half_pixel_centers", default=not aligned)
    if aligned and centred:
        op.refuse("corners are aligned and pixels centred at once")
    return _resize(
        op, "linear", "align_corners" if aligned else "half_pixel" if centred else "asymmetric"
    )


@operator("resize_bilinear")
def _resize_bilinear(op: Op) -> str:
    mode = op.value("sampling_mode", "DEFAULT")
    single = 1 in op.result_shape()[-2:]
    if mode not in _PLACES or (single and mode == "ALIGN_CORNERS"):
        op.refuse(f"sampling mode {mode!r} is not one of ONNX's")
    return _resize(op, "linear", _PLACES[mode])


@operator("resample")
def _resample(op: Op) -> str:
    margin, aligned = op.value("padding_mode"), bool(op.value("align_corners"))
    if op.value("coordinates_mode") != "normalized_minus_one_to_one":
        op.refuse("its coordinates do not run from -1 to 1")
    if margin not in _MARGINS or (margin == "constant" and op.value("padding_value", 0)):
        op.refuse("it fills margins as ONNX cannot")
    if margin in {"reflection", "symmetric"} and aligned != (margin == "reflection"):
        op.refuse(f"margin {margin!r} with align_corners = {aligned}")
    mode = {"nearest": "nearest", "bilinear": "linear"}[op.value("sampling_mode")]
    return op.emit(
        "GridSample",
        op.tensor(),
        op.tensor("coordinates"),
        mode=mode,
        padding_mode=_MARGINS[margin],
        align_corners=int(aligned),
    )
