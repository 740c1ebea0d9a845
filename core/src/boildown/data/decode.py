"""Read one image file, broken or hostile ones included, into 8-bit gray or RGB."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import DataError
from .wording import product

#: As in torchvision's ImageFolder; compared in lower case.
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".ppm", ".pgm", ".tif", ".tiff"})
#: Decoders for exactly those, so that a renamed file cannot reach any other.
_FORMATS = ("JPEG", "PNG", "BMP", "WEBP", "PPM", "TIFF")
#: A file of a few kilobytes may claim gigabytes; the largest cameras stay below this.
MAX_PIXELS = 100_000_000
#: Pillow converts these with at most a loss of alpha, which is dropped and not blended, as
#: `convert("RGB")` does in torchvision's loader.
_CONVERTIBLE = frozenset({"P", "RGBA", "RGBX", "RGBa", "PA", "CMYK", "YCbCr"})
_GRAY = frozenset({"1", "LA", "La"})


def decode(path: Path) -> Image.Image:
    """Return the first frame of an image file in mode L or RGB.

    EXIF orientation is not applied: neither torchvision's nor TensorFlow's loaders do, and a
    model must be measured on the pixels that it was trained and published with.

    Raises:
        DataError: The file is missing, broken, larger than `MAX_PIXELS` or of a kind of pixels
            that has no agreed 8-bit form.
    """
    try:
        with warnings.catch_warnings():
            # Pillow warns of odd metadata and large sizes; the size is checked right here.
            warnings.simplefilter("ignore")
            with Image.open(path, formats=_FORMATS) as image:
                _check_size(path, image.width, image.height)
                image.load()
                return _eight_bits(path, image)
    except DataError:
        raise
    except FileNotFoundError as error:
        raise DataError(f"the image {path} is missing; it was there when the run began") from error
    except Exception as error:  # decoders raise whatever a broken file drives them to
        detail = str(error).replace(str(path), path.name) or type(error).__name__
        raise DataError(
            f"the image {path} cannot be read ({detail}); repair it or remove it from the dataset"
        ) from error


def _check_size(path: Path, width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise DataError(
            f"the image {path} claims {product((width, height))} pixels, more than the limit of "
            f"{MAX_PIXELS:,}; make it smaller or remove it from the dataset"
        )


def _eight_bits(path: Path, image: Image.Image) -> Image.Image:
    if image.mode in {"L", "RGB"}:
        return image.copy()
    if image.mode in _GRAY:
        return image.convert("L")
    if image.mode in _CONVERTIBLE:
        return image.convert("RGB")
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in {"PNG", "PPM"}):
        # Pillow's own conversion clips at 255 here; keep the upper byte as it does for 16-bit RGB.
        high = np.asarray(image).astype(np.int64).clip(0, 65535) >> 8
        return Image.fromarray(high.astype(np.uint8))
    raise DataError(
        f"the image {path} has pixels of mode {image.mode}, which has no agreed 8-bit form; "
        "convert it to 8-bit gray or RGB"
    )
