"""Compressed weights of an ML Program decoded: every `constexpr_*` operator, also in chains.

The formulas are those of Core ML's operators (coremltools, `mil/ops/defs/iOS16/constexpr_ops.py`
and `iOS18/compression.py`). Each value is rounded once, to the type that the operator gives.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from boildown import UnsupportedError

from .packing import scatter, spread, unpack

if TYPE_CHECKING:
    from collections.abc import Callable

    Input = Callable[[str], "np.ndarray | None"]

PREFIX = "constexpr_"


def constant_of(var: Any) -> np.ndarray | None:
    """Return the numbers of a constant of the program, decoded; None for what is computed."""
    if var.val is not None:
        return np.asarray(var.val)
    if var.op is None or not var.op.op_type.startswith(PREFIX):
        return None
    return decode(var.op)[list(var.op.outputs).index(var)]


def is_constant(var: Any) -> bool:
    """Tell whether a value of the program is a constant, compressed or not."""
    return var.val is not None or (var.op is not None and var.op.op_type.startswith(PREFIX))


def decode(op: Any) -> list[np.ndarray]:
    """Return the outputs of a `constexpr_*` operator.

    Raises UnsupportedError for an operator of which nothing is known.
    """

    def given(name: str) -> np.ndarray | None:
        var = op.inputs.get(name)
        return None if var is None else constant_of(var)

    kind = op.op_type.removeprefix(PREFIX)
    if kind not in _DECODERS:
        raise UnsupportedError(f"Core ML operator {op.op_type} ({op.name}) cannot be decoded")
    return _DECODERS[kind](given)


def _array(given: Input, name: str) -> np.ndarray:
    value = given(name)
    if value is None:
        raise UnsupportedError(f"a compressed weight of the program has no {name}")
    return value


def _packed(given: Input, name: str, bits: int) -> np.ndarray:
    """Return codes in the shape of the weight, unpacked where iOS 16's form packs them."""
    shape = given("shape")
    if shape is None:
        return _array(given, name)
    dims = tuple(int(length) for length in shape)
    return unpack(_array(given, name), bits, math.prod(dims)).reshape(dims)


def _scaled(codes: np.ndarray, scale: np.ndarray, zero: np.ndarray | None) -> np.ndarray:
    """Return scale × (code - zero), computed in float32 and rounded to the type of the scale."""
    moved = codes.astype(np.float32)
    if zero is not None:
        moved -= spread(zero, codes.shape).astype(np.float32)
    return (moved * spread(scale, codes.shape).astype(np.float32)).astype(scale.dtype)


def _affine(given: Input) -> list[np.ndarray]:
    codes, axis = _array(given, "quantized_data"), int(_array(given, "axis"))

    def along(vector: np.ndarray) -> np.ndarray:
        places = [-1 if place == axis % codes.ndim else 1 for place in range(codes.ndim)]
        return np.atleast_1d(vector).reshape(places)

    scale, zero = along(_array(given, "scale")), along(_array(given, "zero_point"))
    return [_scaled(codes, scale, zero)]


def _blockwise(given: Input) -> list[np.ndarray]:
    return [_scaled(_array(given, "data"), _array(given, "scale"), given("offset"))]


def _looked_up(codes: np.ndarray, table: np.ndarray, axis: np.ndarray | None) -> np.ndarray:
    """Return the entries of `table` that the codes name.

    The table has an axis for each of the codes (its number of blocks there), then one of entries
    and one for the numbers of an entry, which lie along `axis` of the result.
    """
    codes = codes.astype(np.int64)
    entries, width = table.shape[-2:]
    if table.size == entries * width:
        found = table.reshape(entries, width)[codes]
    else:
        tables = spread(table, codes.shape)
        places = codes[..., None, None].repeat(width, -1)
        found = np.take_along_axis(tables, places, -2)[..., 0, :]
    if width == 1:
        return np.asarray(found[..., 0])
    if axis is None:
        raise UnsupportedError("a palette of vectors does not say along which axis they lie")
    place = int(axis) % codes.ndim
    shape = [length * (width if at == place else 1) for at, length in enumerate(codes.shape)]
    return np.asarray(np.moveaxis(found, -1, place + 1).reshape(shape))


def _palette(given: Input) -> list[np.ndarray]:
    table = _array(given, "lut")
    if given("shape") is not None:  # iOS 16: one table for all, its size says the bits
        table = table.reshape(-1, 1)
    codes = _packed(given, "indices", table.shape[-2].bit_length() - 1)
    if table.ndim < codes.ndim:
        table = table.reshape(*(1,) * codes.ndim, *table.shape)
    return [_looked_up(codes, table, given("vector_axis"))]


def _sparse(given: Input) -> list[np.ndarray]:
    return [scatter(_packed(given, "mask", 1), _array(given, "nonzero_data"))]


def _sparse_palette(given: Input) -> list[np.ndarray]:
    mask, table = _array(given, "indices_mask"), _array(given, "lut")
    codes = scatter(mask, _array(given, "indices_nonzero_data"))
    values = _looked_up(codes, table, given("vector_axis"))
    width = table.shape[-1]
    if width > 1:
        mask = np.repeat(mask, width, axis=int(_array(given, "vector_axis")))
    return [mask, values[mask != 0]]


def _sparse_blockwise(given: Input) -> list[np.ndarray]:
    mask = _array(given, "data_mask")
    codes = scatter(mask, _array(given, "nonzero_data"))
    return [mask, _scaled(codes, _array(given, "scale"), given("offset"))[mask != 0]]


def _cast(given: Input) -> list[np.ndarray]:
    return [_array(given, "source_val").astype(np.float32)]


_DECODERS: dict[str, Callable[[Input], list[np.ndarray]]] = {
    "affine_dequantize": _affine,
    "blockwise_shift_scale": _blockwise,
    "cast": _cast,
    "lut_to_dense": _palette,
    "lut_to_sparse": _sparse_palette,
    "sparse_blockwise_shift_scale": _sparse_blockwise,
    "sparse_to_dense": _sparse,
}
