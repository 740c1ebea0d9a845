"""How an image becomes the input of a model; it belongs to the model, never to the data."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..frozen import Frozen

Pixels = Annotated[int, Field(ge=1, le=16384)]


class Preprocessing(Frozen):
    """The steps from a decoded image to the model's input, in the order of the fields."""

    #: Centre square of this share of the shorter side, cut out first (TensorFlow's habit).
    crop_fraction: Annotated[float, Field(gt=0, le=1)] | None = None
    #: One number: length of the shorter side (torchvision's habit). Two: exact height and width.
    resize: Pixels | tuple[Pixels, Pixels] | None = None
    interpolation: Literal["nearest", "box", "bilinear", "bicubic", "lanczos"] = "bilinear"
    #: Centre crop (height, width) after resizing.
    crop: tuple[Pixels, Pixels] | None = None
    #: Zero pixels (black) added on each side.
    pad: Annotated[int, Field(ge=0, le=1024)] = 0
    channels: Literal["rgb", "bgr", "gray"] = "rgb"
    #: What the pixel values 0 and 255 become.
    range: tuple[float, float] = (0.0, 1.0)
    #: Subtracted and divided by after that; one number a channel, or one for all.
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    layout: Literal["nchw", "nhwc"] = "nchw"
