"""Integer codes back to the numbers they stand for: the arithmetic of DequantizeLinear and kin."""

from __future__ import annotations

import numpy as np


def dequantize(
    codes: np.ndarray,
    scale: np.ndarray,
    zero: np.ndarray | None = None,
    *,
    axis: int = 1,
    block: int = 0,
) -> np.ndarray:
    """Return (codes - zero) x scale in the scale's type, as ONNX defines DequantizeLinear (21).

    `scale` is one number, a vector along `axis`, or, with a `block` size, of the codes' rank with
    one entry for each `block` consecutive codes along `axis`.
    """
    # float32 holds every code of up to 16 bits, and the difference of two, exactly.
    wide = np.dtype(np.int64 if codes.dtype in (np.int32, np.uint32) else np.float32)
    numbers: np.ndarray = codes.astype(wide)
    if zero is not None and zero.size:
        numbers = numbers - _spread(zero.astype(wide), codes.shape, axis, block)
    spread = _spread(scale.astype(np.float32), codes.shape, axis, block)
    with np.errstate(all="ignore"):  # a damaged scale makes infinity, which layer_state refuses
        result: np.ndarray = (numbers.astype(np.float32) * spread).astype(scale.dtype)
    return result


def unpack_bits(packed: np.ndarray, bits: int, count: int) -> np.ndarray:
    """Return `count` codes of `bits` bits each from the last axis of uint8 data, lowest first."""
    flags = np.unpackbits(packed, axis=-1, bitorder="little")
    usable = flags.shape[-1] // bits * bits
    rows = flags[..., :usable].reshape(*packed.shape[:-1], -1, bits)
    return np.packbits(rows, axis=-1, bitorder="little")[..., 0][..., :count]


def _spread(values: np.ndarray, shape: tuple[int, ...], axis: int, block: int) -> np.ndarray:
    if values.size == 1:
        return values.reshape(())
    axis %= len(shape)
    if block:
        return np.repeat(values, block, axis=axis).take(np.arange(shape[axis]), axis=axis)
    if values.size == shape[axis]:
        return values.reshape([-1 if i == axis else 1 for i in range(len(shape))])
    return values
