"""Activations as modules: quantizers and pruners look for these, not for functions."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, fx, nn

from .builder import Node, operator

_RELU6 = (0.0, 6.0)
#: Axis that a softmax runs along, before opset 13 the first of those that it takes together.
_AXIS_ALONE = 13

_PLAIN: dict[str, type[nn.Module]] = {
    "Relu": nn.ReLU, "Sigmoid": nn.Sigmoid, "Tanh": nn.Tanh, "HardSwish": nn.Hardswish,
    "Softplus": nn.Softplus, "Softsign": nn.Softsign, "Mish": nn.Mish,
}  # fmt: skip


@operator(*_PLAIN)
def plain(node: Node) -> fx.Node:
    """Activations without settings."""
    return node.module(_PLAIN[node.proto.op_type](), node.tensor(0))


@operator("LeakyRelu")
def leaky_relu(node: Node) -> fx.Node:
    """Slope `alpha` below 0."""
    return node.module(nn.LeakyReLU(node.attribute("alpha", 0.01)), node.tensor(0))


@operator("Elu")
def elu(node: Node) -> fx.Node:
    """Alpha · (exp(x) - 1) below 0."""
    return node.module(nn.ELU(node.attribute("alpha", 1.0)), node.tensor(0))


@operator("Celu")
def celu(node: Node) -> fx.Node:
    """ELU whose slope is continuous."""
    return node.module(nn.CELU(node.attribute("alpha", 1.0)), node.tensor(0))


@operator("Selu")
def selu(node: Node) -> fx.Node:
    """The two constants of Klambauer et al. (2017), to float32's precision."""
    alpha, gamma = node.attribute("alpha", 1.67326324), node.attribute("gamma", 1.05070098)
    if abs(alpha - 1.67326324) > 1e-6 or abs(gamma - 1.05070098) > 1e-6:  # noqa: PLR2004
        node.refuse(f"alpha = {alpha:g}, gamma = {gamma:g} are not SELU's own")
    return node.module(nn.SELU(), node.tensor(0))


@operator("ThresholdedRelu")
def thresholded(node: Node) -> fx.Node:
    """0 up to `alpha`."""
    return node.module(nn.Threshold(node.attribute("alpha", 1.0), 0.0), node.tensor(0))


@operator("PRelu")
def prelu(node: Node) -> fx.Node:
    """One slope, or one for each channel."""
    slope, rank = node.constant(1, "its slope"), node.rank()
    assert slope is not None  # noqa: S101 - the checker wants one
    lengths = ((1,) * rank + slope.shape)[-rank:]
    per_channel = rank > 1 and lengths[1] == slope.size == node.shape()[1]
    if slope.size != 1 and not per_channel:
        node.refuse(f"its slope has shape {slope.shape}")
    layer = nn.PReLU(slope.size)
    layer.weight = node.builder.parameter(node.proto.input[1], slope.reshape(-1), "flat")
    call = node.module(layer, node.tensor(0))
    shape = tuple(length if length == 1 else -1 for length in slope.shape)
    node.own(call, "weight", 1, lambda values: values.reshape(shape))
    return call


@operator("Gelu")
def gelu(node: Node) -> fx.Node:
    """Exact, or approximated by tanh."""
    return node.module(nn.GELU(node.attribute("approximate", "none")), node.tensor(0))


def hard_sigmoid(x: Tensor, alpha: float, beta: float) -> Tensor:
    """max(0, min(1, alpha · x + beta))."""
    return torch.clamp(x * alpha + beta, 0.0, 1.0)


@operator("HardSigmoid")
def hardsigmoid(node: Node) -> fx.Node:
    """PyTorch has the one of slope 1/6."""
    alpha, beta = node.attribute("alpha", 0.2), node.attribute("beta", 0.5)
    if np.isclose(alpha, 1 / 6, atol=1e-7) and beta == 0.5:  # noqa: PLR2004
        return node.module(nn.Hardsigmoid(), node.tensor(0))
    return node.call(hard_sigmoid, node.tensor(0), alpha, beta)


@operator("Clip")
def clip(node: Node) -> fx.Node:
    """Bounds are attributes before opset 11, inputs since."""
    low, high = node.attribute("min"), node.attribute("max")
    if len(node.proto.input) > 1:
        bounds = [node.constant(index, "a bound") for index in (1, 2)]
        low, high = (None if bound is None else bound.item() for bound in bounds)
    if isinstance(low, int) or isinstance(high, int):
        return node.call(torch.clamp, node.tensor(0), low, high)
    if (low, high) == _RELU6:
        return node.module(nn.ReLU6(), node.tensor(0))
    if (low, high) == (0.0, None):
        return node.module(nn.ReLU(), node.tensor(0))
    if low is not None and high is not None and low < high:
        return node.module(nn.Hardtanh(low, high), node.tensor(0))
    if low is None and high is None:
        return node.tensor(0)
    return node.call(torch.clamp, node.tensor(0), low, high)


@operator("Softmax", "LogSoftmax")
def softmax(node: Node) -> fx.Node:
    """Before opset 13 all axes from `axis` on are taken together."""
    old = node.builder.opset < _AXIS_ALONE
    axis = node.attribute("axis", 1 if old else -1)
    kind = nn.Softmax if node.proto.op_type == "Softmax" else nn.LogSoftmax
    rank = node.rank()
    if not old or axis % rank == rank - 1:
        return node.module(kind(axis), node.tensor(0))
    together = node.call(torch.flatten, node.tensor(0), axis % rank)
    return node.call(torch.Tensor.view_as, node.module(kind(-1), together), node.tensor(0))


@operator("Dropout")
def dropout(node: Node) -> fx.Node:
    """Nothing at inference; training from a file does not bring it back."""
    if node.input(2) is not None and bool(np.any(node.constant(2, "training_mode"))):
        node.refuse("training_mode is on")
    return node.tensor(0)
