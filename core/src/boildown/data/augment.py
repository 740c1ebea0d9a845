"""Augmentation of training images: mirror and shift, decided by seed, epoch and sample alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

#: A shift moves by at most this share of the side in each direction.
SHARE = 16


class Augmentation:
    """Draws for every sample of one epoch, so that batches of any size see the same images."""

    def __init__(self, names: Sequence[str], count: int, seed: int, epoch: int) -> None:
        """Draw for `count` samples; `names` holds `flip`, `shift`, both or nothing."""
        draws = np.random.PCG64(np.random.SeedSequence((seed, epoch, 1))).random_raw(count * 3)
        # The upper bits of each draw as a fraction in [0, 1).
        fractions = (draws >> np.uint64(11)).astype(np.float64) / 2.0**53
        self._fractions = fractions.reshape(count, 3)
        self._flips = "flip" in names
        self._shifts = "shift" in names

    def change(self, pixels: NDArray[np.uint8], positions: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Change pixels (N, C, H, W) of the samples at `positions`; uncovered ones are black."""
        draws = self._fractions[positions]
        if self._flips:
            mirrored = draws[:, 0] < 0.5  # noqa: PLR2004 - a fair coin
            pixels = np.where(mirrored[:, None, None, None], pixels[..., ::-1], pixels)
        return _shifted(pixels, draws[:, 1:]) if self._shifts else pixels


def _shifted(pixels: NDArray[np.uint8], draws: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Move each image by whole pixels, from -side/16 to +side/16 in both directions."""
    count, _, height, width = pixels.shape
    reach = np.array([height // SHARE, width // SHARE])
    offsets = (draws * (2 * reach + 1)).astype(np.int64)
    high, wide = int(reach[0]), int(reach[1])
    canvas = np.pad(pixels, ((0, 0), (0, 0), (high, high), (wide, wide)))
    rows = offsets[:, :1] + np.arange(height)
    columns = offsets[:, 1:] + np.arange(width)
    picked = canvas[np.arange(count)[:, None, None], :, rows[:, :, None], columns[:, None, :]]
    return np.ascontiguousarray(picked.transpose(0, 3, 1, 2))
