"""Numbers of few bits as ML Programs pack them, and blocks of a tensor that share a number."""

from __future__ import annotations

import numpy as np


def unpack(stored: np.ndarray, bits: int, count: int) -> np.ndarray:
    """Return `count` codes of `bits` bits each: least bit first, in a row, over byte borders."""
    single = np.unpackbits(np.asarray(stored).view(np.uint8), bitorder="little")
    rows = single[: bits * count].reshape(count, bits).astype(np.int64)
    return np.asarray((rows << np.arange(bits)).sum(axis=1))


def spread(shared: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Repeat what each block shares over the axes of `shape`; further axes of `shared` stay.

    The size of a block on an axis is the length of `shape` there divided by that of `shared`.
    """
    for axis, length in enumerate(shape):
        if shared.shape[axis] != length:
            shared = np.repeat(shared, length // shared.shape[axis], axis=axis)
    return shared


def scatter(mask: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return an array of the mask's shape with `kept` where it is set, in order, else 0."""
    full = np.zeros(mask.shape, kept.dtype)
    full[mask != 0] = kept
    return full
