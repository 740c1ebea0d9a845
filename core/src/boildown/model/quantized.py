"""The weights of every operator that can hold one in a compressed ONNX file.

Float operators are read by `weights`; here are the integer operators of ONNX and those that ONNX
Runtime adds under `com.microsoft` (its ContribOperators.md defines their inputs).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ModelError
from .codes import Code, stored_code
from .dequantize import dequantize, unpack_bits
from .layers import flag
from .weights import Site, Weight, from_parts, read_plain

if TYPE_CHECKING:
    from collections.abc import Callable

    import onnx

    from .folding import Constants
    from .layers import Layer


def read_weight(
    node: onnx.NodeProto, layer: Layer, graph: onnx.GraphProto, constants: Constants
) -> Weight:
    """Decode the weight that `node` holds for the `layer` of the source."""
    return READERS[node.op_type](Site(node, layer, graph, constants))


def _parts(
    codes: int, scale: int, zero: int, axis: Callable[[onnx.NodeProto], int]
) -> Callable[[Site], Weight]:
    """Make a reader of operators that take codes, scale and zero point as inputs."""

    def read(site: Site) -> Weight:
        parts = (site.input(codes), site.input(scale), site.input(zero))
        return from_parts(site, *parts, axis=axis(site.node))

    return read


def _qlinear_matmul(site: Site) -> Weight:
    if site.input(3) in site.constants.names:
        return from_parts(site, site.input(3), site.input(4), site.input(5), axis=-1)
    return from_parts(site, site.input(0), site.input(1), site.input(2), axis=-2)


def _integer(site: Site) -> Weight:
    """Read ConvInteger or MatMulInteger, whose scale is multiplied in after a Cast."""
    axis = 0 if site.node.op_type == "ConvInteger" else -1
    return from_parts(site, site.input(1), _later_scale(site), site.input(3), axis=axis)


def _later_scale(site: Site) -> str:
    """Follow output -> Cast -> Mul to the product of input scale and weight scale."""
    producers = {name: node for node in site.graph.node for name in node.output}
    for cast in site.users(site.node.output[0], "Cast"):
        for multiply in site.users(cast.output[0], "Mul"):
            factors = [name for name in multiply.input if name != cast.output[0]]
            products = [producers[name] for name in factors if name in producers]
            factors += [name for node in products if node.op_type == "Mul" for name in node.input]
            if scales := [str(name) for name in factors if name in site.constants.names]:
                return scales[0]
    raise ModelError(f"the scale of node {site.node.name!r} ({site.node.op_type}) was not found")


def _dynamic_lstm(site: Site) -> Weight:
    """Read W or R of DynamicQuantizeLSTM: (directions, inputs, 4 hidden), turned as in LSTM."""
    part = "WR".index(site.layer.name[-1])
    names = [site.input(index) for index in (1 + part, 8 + 2 * part, 9 + 2 * part)]
    codes, scale, zero = (site.constants.value(name) if name else None for name in names)
    if codes is None or scale is None:
        raise ModelError(f"node {site.node.name!r} lacks a weight or its scale")
    directions = codes.shape[0]
    values = dequantize(
        codes,
        scale.reshape(directions, 1, -1),
        None if zero is None else zero.reshape(directions, 1, -1),
    )
    return _weight(site, values.swapaxes(1, 2), 1, names)


def _matmul_nbits(site: Site) -> Weight:
    """Read MatMulNBits: codes (N, K / block, bytes of a block), decoded to (N, K)."""
    bits, block = flag(site.node, "bits", 4), flag(site.node, "block_size")
    rows, columns = flag(site.node, "N"), flag(site.node, "K")
    packed, scale = (site.constants.value(site.input(index)) for index in (1, 2))
    blocks = math.ceil(columns / block)
    codes = unpack_bits(packed.reshape(rows, blocks, -1), bits, block)
    codes = codes.reshape(rows, blocks * block)[:, :columns]
    zero = site.constants.value(site.input(3)) if site.input(3) else None
    if zero is not None and zero.dtype.kind == "u":
        zero = unpack_bits(zero.reshape(rows, -1), bits, blocks)
    group = site.constants.value(site.input(4)) if site.input(4) else None
    spread = _by_column(scale.reshape(rows, blocks), group, block, columns)
    if zero is None:
        offset: np.ndarray | int = 1 << (bits - 1)
    else:
        offset = _by_column(zero.reshape(rows, blocks), group, block, columns).astype("f4")
    with np.errstate(all="ignore"):  # a damaged scale makes infinity, which layer_state refuses
        values = (codes.astype("f4") - offset) * spread
    names = [site.input(index) for index in (1, 2, 3, 4)]
    return _weight(site, values, 0, names)._replace(code=Code(float(bits), f"uint{bits}"))


def _by_column(
    values: np.ndarray, group: np.ndarray | None, block: int, columns: int
) -> np.ndarray:
    """Spread one number a block over its columns; `group` names the block of each column."""
    return values[:, group] if group is not None else values.repeat(block, axis=1)[:, :columns]


def _gather_blocks(site: Site) -> Weight:
    """Read GatherBlockQuantized: codes with scales for each block along `quantize_axis`."""
    codes, scale = (site.constants.value(site.input(index)) for index in (0, 2))
    zero = site.constants.value(site.input(3)) if site.input(3) else None
    bits = flag(site.node, "bits", 4)
    axis, block = flag(site.node, "quantize_axis", 1), flag(site.node, "block_size", 128)
    if codes.dtype == "uint8":
        codes = unpack_bits(codes, bits, codes.shape[-1] * 8 // bits)
        if zero is None:
            zero = codes.dtype.type(1 << (bits - 1)).reshape(())
        elif zero.dtype == "uint8":
            zero = unpack_bits(zero, bits, scale.shape[-1])
    values = dequantize(codes, scale, zero, axis=axis, block=block)
    names = [site.input(index) for index in (0, 2, 3)]
    weight = _weight(site, values, 1 - flag(site.node, "gather_axis") % 2, names)
    return weight._replace(code=Code(float(bits), weight.code.type))


def _weight(site: Site, values: np.ndarray, axis: int, names: list[str]) -> Weight:
    sources = frozenset().union(*(site.constants.sources(name) for name in names if name))
    return Weight(values, axis, stored_code(site.constants, names[0]), sources)


def _matrix_axis(node: onnx.NodeProto) -> int:
    return 0 if flag(node, "transB") else -1


#: Operators whose weight is a float tensor, stored or computed from constants.
FLOAT_OPERATORS = (
    "Conv", "ConvTranspose", "Gemm", "MatMul", "Gather", "LSTM", "GRU", "RNN",
    "FusedConv", "FusedGemm", "FusedMatMul",
)  # fmt: skip
#: Operator -> how to read the weight that it holds.
READERS: dict[str, Callable[[Site], Weight]] = {
    **dict.fromkeys(FLOAT_OPERATORS, read_plain),
    "QLinearConv": _parts(3, 4, 5, lambda _node: 0),
    "QLinearMatMul": _qlinear_matmul,
    "ConvInteger": _integer,
    "MatMulInteger": _integer,
    "QGemm": _parts(3, 4, 5, _matrix_axis),
    "MatMulIntegerToFloat": _parts(1, 3, 5, lambda _node: -1),
    "DynamicQuantizeMatMul": _parts(1, 2, 3, lambda _node: -1),
    "DynamicQuantizeLSTM": _dynamic_lstm,
    "MatMulNBits": _matmul_nbits,
    "GatherBlockQuantized": _gather_blocks,
}
