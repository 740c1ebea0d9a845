"""Sizes and crop boxes of preprocessing, as plain arithmetic on heights and widths."""

from __future__ import annotations

from typing import NamedTuple

from ..errors import DataError
from .preprocessing import Preprocessing
from .wording import product


class Box(NamedTuple):
    """A rectangle of pixels; `bottom` and `right` are not part of it."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.bottom - self.top, self.right - self.left


def centre_square(height: int, width: int, fraction: float) -> Box:
    """Cut the centre square of `fraction` of the shorter side, as TensorFlow's scripts do."""
    side = max(1, int(fraction * min(height, width)))
    top, left = (height - side) // 2, (width - side) // 2
    return Box(top, left, top + side, left + side)


def resized(height: int, width: int, resize: int | tuple[int, int]) -> tuple[int, int]:
    """Return height and width after resizing; one number is the shorter side (torchvision)."""
    if not isinstance(resize, int):
        return resize
    if height <= width:
        return resize, int(resize * width / height)
    return int(resize * height / width), resize


def centre_crop(height: int, width: int, crop: tuple[int, int]) -> Box:
    """Cut (height, width) out of the centre, rounded as torchvision's CenterCrop does.

    Raises:
        DataError: The crop is larger than the image; torchvision would pad in silence.
    """
    if crop[0] > height or crop[1] > width:
        raise DataError(
            f"the crop of {product(crop)} pixels is larger than the image, which is "
            f"{product((height, width))} by then; set a larger `resize` or a smaller `crop`"
        )
    top, left = round((height - crop[0]) / 2), round((width - crop[1]) / 2)
    return Box(top, left, top + crop[0], left + crop[1])


def channel_count(preprocessing: Preprocessing) -> int:
    """Return how many channels the model's input has."""
    return 1 if preprocessing.channels == "gray" else 3


def output_shape(preprocessing: Preprocessing, raw: tuple[int, int, int]) -> tuple[int, int, int]:
    """Return what an image of the shape `raw` (channels, height, width) becomes, without a batch.

    Raises:
        DataError: The crop is larger than the image.
    """
    height, width = raw[1:]
    if preprocessing.crop_fraction is not None:
        height, width = centre_square(height, width, preprocessing.crop_fraction).size
    if preprocessing.resize is not None:
        height, width = resized(height, width, preprocessing.resize)
    if preprocessing.crop is not None:
        height, width = centre_crop(height, width, preprocessing.crop).size
    height, width = height + 2 * preprocessing.pad, width + 2 * preprocessing.pad
    channels = channel_count(preprocessing)
    return (
        (channels, height, width) if preprocessing.layout == "nchw" else (height, width, channels)
    )
