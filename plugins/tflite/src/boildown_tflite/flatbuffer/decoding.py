"""The numbers of a constant tensor, whatever type it is stored in."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from boildown import ModelError

if TYPE_CHECKING:
    from .reading import Quantization, Tensor

#: Type -> numpy's type; those of less than a byte are unpacked to int8.
_PLAIN = {
    "FLOAT32": "<f4", "FLOAT16": "<f2", "FLOAT64": "<f8", "INT8": "<i1", "UINT8": "<u1",
    "INT16": "<i2", "INT32": "<i4", "INT64": "<i8",
}  # fmt: skip
_PACKED = {"INT4": 4, "INT2": 2}


def stored_bits(tensor: Tensor) -> int:
    """Return how many bits one number of the tensor takes in the file."""
    if tensor.type in _PACKED:
        return _PACKED[tensor.type]
    if tensor.type in _PLAIN:
        return 8 * np.dtype(_PLAIN[tensor.type]).itemsize
    raise ModelError(f"tensor {tensor.name!r} is of type {tensor.type}, which is not decoded")


def decode(tensor: Tensor) -> np.ndarray:
    """Return the numbers of a constant: scale x (code - zero) in float32 where it is quantized.

    Raises ModelError where it is no constant, its bytes do not fit its shape, or it is stored in
    a way that is not decoded.
    """
    if tensor.data is None:
        raise ModelError(f"tensor {tensor.name!r} is not constant")
    if tensor.obstacle:
        raise ModelError(f"tensor {tensor.name!r} cannot be decoded: {tensor.obstacle}")
    count = math.prod(tensor.shape)
    needed = math.ceil(count * stored_bits(tensor) / 8)
    if tensor.data.size != needed:
        raise ModelError(
            f"tensor {tensor.name!r} has {tensor.data.size:,} bytes where its shape"
            f" {list(tensor.shape)} needs {needed:,}"
        )
    if tensor.type in _PACKED:
        codes = unpack(tensor.data, tensor.type)[:count]
    else:
        codes = np.frombuffer(tensor.data.tobytes(), _PLAIN[tensor.type])
    codes = codes.reshape(tensor.shape)
    if codes.dtype.kind == "f":
        return codes.astype(np.float32)
    if tensor.quantization is None:
        return codes
    return _real(codes, tensor.quantization, tensor.name)


def _real(codes: np.ndarray, quantization: Quantization, name: str) -> np.ndarray:
    scale, zero = quantization.scale, quantization.zero
    shape = [1] * codes.ndim
    if scale.size > 1:
        axis = quantization.axis
        if not 0 <= axis < codes.ndim or codes.shape[axis] != scale.size:
            raise ModelError(
                f"tensor {name!r}: {scale.size} scales do not fit axis {axis} of {codes.shape}"
            )
        shape[axis] = scale.size
    centred = (codes.astype(np.int64) - zero.reshape(shape)).astype(np.float32)
    values: np.ndarray = centred * scale.reshape(shape)
    return values


def unpack(data: np.ndarray, kind: str) -> np.ndarray:
    """Return the signed codes of an INT4 or INT2 tensor, the lowest bits of each byte first."""
    bits = _PACKED[kind]
    shifts = np.arange(0, 8, bits, dtype=np.uint8)
    codes = (data[:, None] >> shifts & ((1 << bits) - 1)).astype(np.int8).reshape(-1)
    signed: np.ndarray = np.where(codes >= 1 << (bits - 1), codes - (1 << bits), codes)
    return signed.astype(np.int8)
