"""Activations in 8 bits: rounded to a grid, and back.

What ONNX Runtime takes for a quantized network it computes in kernels of its own, which saturate
on some computers, and it quantizes the weights as well. So only the first half is ONNX's operator
and the second is spelled out: Cast, Sub, Mul.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto

from .builder import operator, type_of

if TYPE_CHECKING:
    from .builder import Op

_CODES = {"int8": np.int8, "uint8": np.uint8}


def _grid(op: Op, codes: str) -> tuple[np.ndarray, np.ndarray]:
    """Return scale and zero point, both vectors or both single numbers."""
    scale, zero = np.asarray(op.array("scale")), op.array("zero_point")
    kind = _CODES[codes]
    zero = np.zeros(scale.shape, kind) if zero is None else zero.astype(kind)
    return scale.astype(np.float32), np.broadcast_to(zero, scale.shape)


@operator("quantize")
def _quantize(op: Op) -> str:
    """round(x / scale) + zero, halves to the even code, kept within the codes."""
    scale, zero = _grid(op, op.value("output_dtype"))
    inputs = (op.tensor("input"), *(op.graph.constant(part, op.name) for part in (scale, zero)))
    return op.emit("QuantizeLinear", *inputs, axis=int(op.value("axis")) if scale.ndim else None)


@operator("dequantize")
def _dequantize(op: Op) -> str:
    scale, zero = _grid(op, type_of(op.var("input")))
    if scale.ndim:
        rank, axis = len(op.shape("input")), int(op.value("axis"))
        places = [-1 if at == axis % rank else 1 for at in range(rank)]
        scale, zero = scale.reshape(places), zero.reshape(places)
    codes = op.emit("Cast", op.tensor("input"), to=TensorProto.FLOAT)
    moved = op.emit("Sub", codes, op.graph.constant(zero.astype(np.float32), op.name))
    return op.emit("Mul", moved, op.graph.constant(scale, op.name))
