"""How an image becomes the input of a model; it belongs to the model, never to the data."""

from __future__ import annotations

import math
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

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

    @model_validator(mode="after")
    def _numbers_fit_the_channels(self) -> Self:
        channels = 1 if self.channels == "gray" else 3
        for name, numbers in (("mean", self.mean), ("std", self.std)):
            if len(numbers) not in {1, channels}:
                raise ValueError(
                    f"{name!r} has {len(numbers)} numbers for {channels} channels; "
                    "give one for each channel, or one for all"
                )
        if not all(map(math.isfinite, (*self.range, *self.mean, *self.std))):
            raise ValueError("'range', 'mean' and 'std' must be finite numbers")
        if min(self.std) <= 0:
            raise ValueError("'std' divides, so every number must be above 0")
        if self.range[0] == self.range[1]:
            raise ValueError("'range' must have two different ends")
        return self
