"""Between ONNX's layout of images and TensorFlow's: arrays of rank 4 are turned, others are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

_IMAGES = 4


def is_turned(shape: Sequence[int]) -> bool:
    """Tell whether a port of this shape has its channels on another axis in a `.tflite` file."""
    return len(shape) == _IMAGES


def channels_last(array: np.ndarray) -> np.ndarray:
    """Return an array of rank 4 as NHWC, contiguous; any other as it is."""
    return np.ascontiguousarray(array.transpose(0, 2, 3, 1)) if is_turned(array.shape) else array


def channels_first(array: np.ndarray) -> np.ndarray:
    """Return an array of rank 4 as NCHW, contiguous; any other as it is."""
    return np.ascontiguousarray(array.transpose(0, 3, 1, 2)) if is_turned(array.shape) else array
