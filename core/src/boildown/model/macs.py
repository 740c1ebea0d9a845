"""Multiply-accumulate operations of one node, from the shapes of what it reads and writes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .layers import flag

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import onnx

    Shapes = Mapping[str, tuple[int, ...]]

#: Operators that multiply and add, but whose work is not counted here.
UNCOUNTED = frozenset({
    "Einsum", "Attention", "MultiHeadAttention", "GroupQueryAttention", "QAttention", "DFT",
    "DeformConv", "BiasSplitGelu", "EmbedLayerNormalization", "RotaryEmbedding", "If", "Loop",
    "Scan", "QMoE", "MoE",
})  # fmt: skip


def count_macs(node: onnx.NodeProto, shapes: Shapes) -> int | None:
    """Return the node's multiply-accumulates, biases left out; None where they are unknown.

    0 for operators that hold no products of two tensors, as is custom (normalisation, pooling
    and activations do not count). `shapes` are those at batch 1.
    """
    if node.op_type in UNCOUNTED:
        return None
    counter = _COUNTERS.get(node.op_type)
    if counter is None:
        return 0
    try:
        return counter(node, shapes)
    except KeyError:
        return None


def _convolution(weight: int) -> Callable[[onnx.NodeProto, Shapes], int]:
    """Each output takes (input channels / groups) x kernel products: the weight's other axes."""

    def count(node: onnx.NodeProto, shapes: Shapes) -> int:
        return math.prod(shapes[node.output[0]]) * math.prod(shapes[node.input[weight]][1:])

    return count


def _transposed(node: onnx.NodeProto, shapes: Shapes) -> int:
    """Each input takes (output channels / groups) x kernel products."""
    return math.prod(shapes[node.input[0]]) * math.prod(shapes[node.input[1]][1:])


def _product(left: int) -> Callable[[onnx.NodeProto, Shapes], int]:
    """Each output takes as many products as the left side has columns."""

    def count(node: onnx.NodeProto, shapes: Shapes) -> int:
        columns = shapes[node.input[left]][-2 if flag(node, "transA") else -1]
        return math.prod(shapes[node.output[0]]) * columns

    return count


def _recurrent(node: onnx.NodeProto, shapes: Shapes) -> int:
    """Each step and sample multiplies with the whole of W and R."""
    steps, samples = shapes[node.input[0]][:2]
    weights = math.prod(shapes[node.input[1]]) + math.prod(shapes[node.input[2]])
    return steps * samples * weights


_COUNTERS: dict[str, Callable[[onnx.NodeProto, Shapes], int]] = {
    **dict.fromkeys(("Conv", "FusedConv", "ConvInteger"), _convolution(1)),
    "QLinearConv": _convolution(3),
    "ConvTranspose": _transposed,
    **dict.fromkeys(("Gemm", "FusedGemm", "MatMul", "FusedMatMul", "MatMulInteger"), _product(0)),
    **dict.fromkeys(("QGemm", "QLinearMatMul", "MatMulNBits"), _product(0)),
    **dict.fromkeys(("MatMulIntegerToFloat", "DynamicQuantizeMatMul"), _product(0)),
    **dict.fromkeys(("LSTM", "GRU", "RNN", "DynamicQuantizeLSTM"), _recurrent),
}
