"""Gemm and MatMul: `nn.Linear` where a matrix is constant."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, fx, nn

from .builder import Node, operator, same

_MATRIX = 2


class ConstantProduct(nn.Module):
    """A product with a constant that `nn.Linear` cannot hold: on the left, or of many matrices."""

    def __init__(self, weight: nn.Parameter, *, left: bool) -> None:
        """Keep the constant, on the `left` side or the right."""
        super().__init__()
        self.weight, self.left = weight, left

    def forward(self, x: Tensor) -> Tensor:
        """Return `weight @ x` or `x @ weight`."""
        return self.weight @ x if self.left else x @ self.weight


@operator("Gemm")
def gemm(node: Node) -> fx.Node:
    """Y = alpha · A' · B' + beta · C."""
    if isinstance(node.input(0), np.ndarray) or node.attribute("transA", 0):
        node.refuse("the constant side is A, or A is transposed")
    alpha, beta = node.attribute("alpha", 1.0), node.attribute("beta", 1.0)
    transposed = bool(node.attribute("transB", 0))
    if isinstance(node.input(1), fx.Node) or isinstance(node.input(2), fx.Node):
        return _general(node, alpha, beta, transposed=transposed)
    call = _linear(node, transposed=transposed)
    bias = node.constant(2, "its bias")
    if bias is None:
        return _scaled(node, call, alpha)
    outputs = node.shape(1)[0 if transposed else 1]
    if alpha == beta == 1 and bias.shape[-1:] == (bias.size,) == (outputs,):
        _give_bias(node, call, 2, bias)
        return call
    added = _scaled(node, node.tensor(2), beta)
    return node.call(torch.add, _scaled(node, call, alpha), added)


@operator("MatMul")
def matmul(node: Node) -> fx.Node:
    """Batched product."""
    left, right = (isinstance(node.input(index), np.ndarray) for index in (0, 1))
    if right and node.rank(1) == _MATRIX:
        call = _linear(node, transposed=False)
        _absorb_bias(node, call)
        return call
    if left or right:
        index = 0 if left else 1
        weight = node.constant(index, "its weight")
        assert weight is not None  # noqa: S101 - it is the constant side
        parameter = node.builder.parameter(node.proto.input[index], weight)
        call = node.module(ConstantProduct(parameter, left=left), node.tensor(1 - index))
        node.own(call, "weight", index)
        return call
    return node.call(torch.matmul, node.tensor(0), node.tensor(1))


@operator("Einsum")
def einsum(node: Node) -> fx.Node:
    """PyTorch takes the same equations."""
    operands = [node.tensor(index) for index in range(len(node.proto.input))]
    return node.call(torch.einsum, node.attribute("equation"), *operands)


def _linear(node: Node, *, transposed: bool) -> fx.Node:
    weight = node.constant(1, "its weight")
    assert weight is not None  # noqa: S101 - looked at by the caller
    turned = weight if transposed else np.ascontiguousarray(weight.T)
    layer = nn.Linear(turned.shape[1], turned.shape[0], bias=False)
    form = "" if transposed else "transposed"
    layer.weight = node.builder.parameter(node.proto.input[1], turned, form)
    call = node.module(layer, node.tensor(0))
    node.own(call, "weight", 1, same if transposed else np.transpose)
    return call


def _absorb_bias(node: Node, call: fx.Node) -> None:
    """Take the constant that an Add behind a MatMul adds to each output into the linear layer."""
    builder, name = node.builder, node.proto.output[0]
    users = [other for other in builder.graph.node if name in other.input]
    given = {item.name for item in builder.graph.output}
    if len(users) != 1 or users[0].op_type != "Add" or name in given:
        return
    add = Node(users[0], builder)
    index = 1 if users[0].input[0] == name else 0
    bias = builder.values.get(users[0].input[index])
    layer = builder.root.get_submodule(str(call.target))
    if not isinstance(bias, np.ndarray) or bias.shape != (layer.out_features,):
        return
    layer.bias = builder.parameter(users[0].input[index], bias)
    add.own(call, "bias", index)
    builder.absorbed[add.name] = call


def _give_bias(node: Node, call: fx.Node, index: int, bias: np.ndarray) -> None:
    layer = node.builder.root.get_submodule(str(call.target))
    assert isinstance(layer, nn.Linear)  # noqa: S101 - made above
    ones = bias.shape[:-1]
    layer.bias = node.builder.parameter(node.proto.input[index], bias.reshape(-1), "flat")
    node.own(call, "bias", index, lambda values: values.reshape(*ones, -1))


def _general(node: Node, alpha: float, beta: float, *, transposed: bool) -> fx.Node:
    right = node.tensor(1)
    right = node.call(torch.transpose, right, 0, 1) if transposed else right
    product = _scaled(node, node.call(torch.matmul, node.tensor(0), right), alpha)
    if node.input(2) is None:
        return product
    return node.call(torch.add, product, _scaled(node, node.tensor(2), beta))


def _scaled(node: Node, value: fx.Node, factor: float) -> fx.Node:
    return value if factor == 1 else node.call(torch.mul, value, factor)
