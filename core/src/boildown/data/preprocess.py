"""Carry out a `Preprocessing`: first whole pixels (uint8), then numbers (float32).

The two halves are apart because training augments between them. Whole batches of arrays are
worked on at once where no resizing is asked for; resizing is Pillow's, image by image, as in
torchvision's transforms on Pillow images.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import DataError
from .geometry import Box, centre_crop, centre_square, channel_count, output_shape, resized
from .preprocessing import Preprocessing

__all__ = ["apply", "batch_pixels", "image_pixels", "normalised", "output_shape"]

Pixels = NDArray[np.uint8]

_FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def apply(source: Image.Image | Pixels, preprocessing: Preprocessing) -> NDArray[np.float32]:
    """Turn an image, or a batch of them as an array, into the model's input.

    Args:
        source: A Pillow image of mode L or RGB, or uint8 of shape (N, H, W) or (N, C, H, W).
        preprocessing: The steps, carried out in the order of its fields.

    Returns:
        (C, H, W) for an image and (N, C, H, W) for an array; channels last with layout nhwc.

    Raises:
        DataError: The source is not an image, or the crop is larger than it.
    """
    if isinstance(source, np.ndarray):
        return normalised(batch_pixels(source, preprocessing), preprocessing)
    one: NDArray[np.float32] = normalised(
        image_pixels(source, preprocessing)[np.newaxis], preprocessing
    )[0]
    return one


def image_pixels(image: Image.Image, preprocessing: Preprocessing) -> Pixels:
    """Crop, resize, pad and convert the channels of one image of mode L or RGB: (C, H, W)."""
    image = _cut_and_resized(image, preprocessing)
    plane = np.asarray(image, np.uint8)
    nchw = plane[np.newaxis, np.newaxis] if image.mode == "L" else plane.transpose(2, 0, 1)[None]
    pixels = _with_channels(_padded(nchw, preprocessing.pad), preprocessing)[0]
    return np.broadcast_to(pixels, (channel_count(preprocessing), *pixels.shape[1:]))


def batch_pixels(images: Pixels, preprocessing: Preprocessing) -> Pixels:
    """Do the same to a batch: (N, H, W) or (N, C, H, W) to (N, 1 or 3, H, W).

    Gray images for a colour model keep their one channel; `normalised` repeats it.
    """
    images = _as_nchw(images)
    if preprocessing.resize is None and preprocessing.crop_fraction is None:
        if preprocessing.crop is not None:
            images = _cut(images, centre_crop(images.shape[2], images.shape[3], preprocessing.crop))
        return _with_channels(_padded(images, preprocessing.pad), preprocessing)
    rows = [np.asarray(_cut_and_resized(_as_image(image), preprocessing)) for image in images]
    stacked = np.stack(rows)
    gray = images.shape[1] == 1
    nchw = stacked[:, np.newaxis] if gray else stacked.transpose(0, 3, 1, 2)
    return _with_channels(_padded(nchw, preprocessing.pad), preprocessing)


def normalised(pixels: Pixels, preprocessing: Preprocessing) -> NDArray[np.float32]:
    """Scale, subtract the mean and divide by the deviation: (N, 1 or C, H, W) to float32.

    A batch of one channel is repeated for a colour model.
    """
    count, _, height, width = pixels.shape
    channels = channel_count(preprocessing)
    values = np.empty((count, channels, height, width), np.float32)
    for channel, (factor, offset) in enumerate(_lines(preprocessing, channels)):
        one = values[:, channel]
        np.multiply(pixels[:, channel % pixels.shape[1]], factor, out=one)
        np.add(one, offset, out=one)
    if preprocessing.layout == "nhwc":
        return np.ascontiguousarray(values.transpose(0, 2, 3, 1))
    return values


def _lines(preprocessing: Preprocessing, channels: int) -> list[tuple[np.float32, np.float32]]:
    """Range, mean and deviation of each channel as one factor and one offset on 0..255."""
    low, high = preprocessing.range
    mean = np.broadcast_to(np.asarray(preprocessing.mean, np.float64), channels)
    std = np.broadcast_to(np.asarray(preprocessing.std, np.float64), channels)
    factor, offset = (high - low) / 255 / std, (low - mean) / std
    return [(np.float32(f), np.float32(o)) for f, o in zip(factor, offset, strict=True)]


def _cut_and_resized(image: Image.Image, preprocessing: Preprocessing) -> Image.Image:
    if image.mode not in {"L", "RGB"}:
        raise DataError(f"an image of mode {image.mode}; convert it to L or RGB first")
    if preprocessing.crop_fraction is not None:
        box = centre_square(image.height, image.width, preprocessing.crop_fraction)
        image = image.crop((box.left, box.top, box.right, box.bottom))
    if preprocessing.resize is not None:
        height, width = resized(image.height, image.width, preprocessing.resize)
        image = image.resize((width, height), _FILTERS[preprocessing.interpolation])
    if preprocessing.crop is not None:
        box = centre_crop(image.height, image.width, preprocessing.crop)
        image = image.crop((box.left, box.top, box.right, box.bottom))
    return image


def _as_nchw(images: Pixels) -> Pixels:
    if images.dtype == np.uint8 and images.size:
        match images.shape:
            case (_, _, _):
                return images[:, np.newaxis]
            case (_, 1 | 3, _, _):
                return images
    raise DataError(
        f"an array of {images.dtype} and shape {images.shape} is not a batch of images; "
        "boildown takes uint8 of shape (N, H, W) or (N, C, H, W) with 1 or 3 channels"
    )


def _as_image(pixels: Pixels) -> Image.Image:
    plane = pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)
    return Image.fromarray(np.ascontiguousarray(plane))


def _cut(images: Pixels, box: Box) -> Pixels:
    return images[:, :, box.top : box.bottom, box.left : box.right]


def _padded(images: Pixels, pad: int) -> Pixels:
    return np.pad(images, ((0, 0), (0, 0), (pad, pad), (pad, pad))) if pad else images


def _with_channels(images: Pixels, preprocessing: Preprocessing) -> Pixels:
    """Gray stays one channel; colour becomes gray as in Pillow, or blue comes first."""
    if images.shape[1] == 1:
        return images
    if preprocessing.channels == "bgr":
        return images[:, ::-1]
    if preprocessing.channels == "rgb":
        return images
    # ITU-R 601-2 luma in Pillow's fixed-point form, so that both ways agree to the last level.
    weights = np.array([19595, 38470, 7471], np.uint32)
    luma: NDArray[np.uint32] = np.einsum("nchw,c->nhw", images.astype(np.uint32), weights)
    return ((luma + np.uint32(0x8000)) >> np.uint32(16)).astype(np.uint8)[:, np.newaxis]
