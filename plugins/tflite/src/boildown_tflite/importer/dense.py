"""Gemm and MatMul: `Dense` where a matrix is constant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..keras import tf, tf_keras
from .builder import Constant, Node, operator, same
from .layout import Laid, onnx_order, with_open_axis
from .norm_behind import norm_behind
from .operation import Operation, function

if TYPE_CHECKING:
    from collections.abc import Sequence

_MATRIX = 2


@function
def product(left: Any, right: Any) -> Any:
    """Matrix product over the last two axes, the others broadcast."""
    return tf.matmul(left, right)


@function
def general(a: Any, b: Any, *c: Any, alpha: float, beta: float, turned: bool) -> Any:
    """ONNX's Gemm of computed matrices."""
    result = tf.matmul(a, b, transpose_b=turned) * alpha
    return result + c[0] * beta if c else result


@function
def scaled_sum(x: Any, *c: Any, alpha: float, beta: float) -> Any:
    """Alpha · x + beta · c."""
    return x * alpha + c[0] * beta if c else x * alpha


@function
def einsum(*operands: Any, equation: str) -> Any:
    """Sum of products by an equation."""
    return tf.einsum(equation, *operands)


@operator("Gemm")
def gemm(node: Node) -> Laid:
    """Y = alpha · A' · B' + beta · C."""
    if isinstance(node.input(0), np.ndarray) or node.attribute("transA", 0):
        node.refuse("the constant side is A, or A is transposed")
    alpha, beta = node.attribute("alpha", 1.0), node.attribute("beta", 1.0)
    transposed = bool(node.attribute("transB", 0))
    if isinstance(node.input(1), Laid):
        operands = [_operand(node, index) for index in range(len(node.proto.input))]
        output = node.operate("general", *operands, alpha=alpha, beta=beta, turned=transposed)
        return node.plain().giving(output)
    weight, bias = node.needed(1, "its weight"), node.input(2)
    outputs = weight.shape[0 if transposed else 1]
    simple = bias is None or (
        isinstance(bias, np.ndarray) and bias.shape[-1:] == (bias.size,) == (outputs,)
    )
    if alpha == 1 and (bias is None or beta == 1) and simple:
        return _dense(node, weight, 2, bias, transposed=transposed)
    dense = _dense(node, weight, 2, None, transposed=transposed)
    added = [] if bias is None else [_operand(node, 2)]
    output = node.operate("scaled_sum", dense.tensor, *added, suffix="_sum", alpha=alpha, beta=beta)
    return dense.giving(output)


@operator("MatMul")
def matmul(node: Node) -> Laid:
    """Batched product."""
    right = node.input(1)
    if isinstance(right, np.ndarray) and right.ndim == _MATRIX and node.laid(0).rank > 1:
        found = _bias_behind(node, right.shape[1])
        if found is None:
            return _dense(node, right, 0, None, transposed=False)
        add, index, bias = found
        dense = _dense(add, right, index, bias, transposed=False, product=node)
        node.builder.absorbed[add.name] = dense
        return dense
    operands = [_operand(node, 0), _operand(node, 1)]
    laid = with_open_axis([one for one in node.inputs if isinstance(one, Laid)])
    output = node.operate("product", *operands)
    return laid.giving(output, onnx_order(len(output.shape)))


@operator("Einsum")
def by_equation(node: Node) -> Laid:
    """TensorFlow takes the same equations."""
    operands = [_operand(node, index) for index in range(len(node.proto.input))]
    laid = with_open_axis([one for one in node.inputs if isinstance(one, Laid)])
    output = node.operate("einsum", *operands, equation=node.attribute("equation"))
    return laid.giving(output, onnx_order(len(output.shape)))


def _operand(node: Node, index: int) -> Any:
    value = node.input(index)
    if isinstance(value, np.ndarray):
        return Constant(value, node.proto.input[index], same)
    return node.plain(index).tensor


def _dense(
    node: Node,
    weight: np.ndarray,
    place: int,
    bias: Any,
    *,
    transposed: bool,
    product: Node | None = None,
) -> Laid:
    """Contract the last axis, whatever the order of the others; `node` has the bias."""
    product = product or node
    laid = product.laid(0)
    if laid.order[-1] != laid.rank - 1:
        laid = product.plain(0)
    kernel, tensor = weight.T if transposed else weight, laid.tensor
    lengths = [-1 if length is None else length for length in tensor.shape]
    # Keras's own product of more axes becomes a file that works out shapes at every run.
    if laid.rank > _MATRIX:
        tensor = _lined_up(product, tensor, [-1, lengths[-1]], "_rows")
    output = product.layer(
        tf_keras.layers.Dense, tensor, kernel.shape[1], use_bias=bias is not None
    )
    product.set(output, kernel=(1, kernel, np.transpose if transposed else same))
    if bias is not None:
        node.set(output, bias=(place, bias.reshape(-1), _Shaped(bias.shape)))
    if laid.rank > _MATRIX:
        output = _lined_up(product, output, [*lengths[:-1], kernel.shape[1]], "_axes")
        return laid.giving(output)
    return laid.giving(norm_behind(node, output))


def _lined_up(node: Node, tensor: Any, shape: list[int], suffix: str) -> Any:
    return node.helper(Operation, tensor, suffix, "reshape", {"shape": shape})


class _Shaped:
    """Give numbers a shape."""

    def __init__(self, shape: Sequence[int]) -> None:
        self.shape = tuple(shape)

    def __call__(self, values: np.ndarray) -> np.ndarray:
        return values.reshape(self.shape)


def _bias_behind(node: Node, outputs: int) -> tuple[Node, int, np.ndarray] | None:
    """Return the Add behind a MatMul that adds a constant to each output, with its place."""
    builder, name = node.builder, node.proto.output[0]
    users = builder.users(name)
    if len(users) != 1 or users[0].op_type != "Add" or builder.is_output(name):
        return None
    index = 1 if users[0].input[0] == name else 0
    bias = builder.values.get(users[0].input[index])
    if not isinstance(bias, np.ndarray) or bias.shape != (outputs,):
        return None
    return Node(users[0], builder), index, bias
