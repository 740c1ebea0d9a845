"""Reductions over axes."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, fx

from .builder import Node, operator

Reduce = Callable[[Tensor, list[int], bool], Tensor]


def mean(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    """Average."""
    return torch.mean(x, axes, keepdim=keep)


def total(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    """Sum, in the type of the input."""
    return torch.sum(x, axes, keepdim=keep, dtype=x.dtype)


def greatest(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    """Maximum."""
    return torch.amax(x, axes, keepdim=keep)


def least(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    """Minimum."""
    return torch.amin(x, axes, keepdim=keep)


def product(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    """Product, axis by axis."""
    for axis in sorted((axis % x.dim() for axis in axes), reverse=True):
        x = torch.prod(x, axis, keepdim=keep, dtype=x.dtype)
    return x


def absolute(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    """Sum of absolute values."""
    return torch.sum(torch.abs(x), axes, keepdim=keep)


def euclidean(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    """Root of the sum of squares."""
    return torch.sqrt(torch.sum(x * x, axes, keepdim=keep))


def squares(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    """Sum of squares."""
    return torch.sum(x * x, axes, keepdim=keep)


def log_total(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    """Logarithm of the sum."""
    return torch.log(torch.sum(x, axes, keepdim=keep))


def log_of_exponentials(x: Tensor, axes: list[int], keep: bool) -> Tensor:
    """Logarithm of the sum of exponentials."""
    return torch.logsumexp(x, axes, keepdim=keep)


_REDUCE: dict[str, Reduce] = {
    "ReduceMean": mean, "ReduceSum": total, "ReduceMax": greatest, "ReduceMin": least,
    "ReduceProd": product, "ReduceL1": absolute, "ReduceL2": euclidean,
    "ReduceSumSquare": squares, "ReduceLogSum": log_total,
    "ReduceLogSumExp": log_of_exponentials,
}  # fmt: skip


@operator(*_REDUCE)
def reduce(node: Node) -> fx.Node:
    """Axes are an attribute or, in later opsets, an input; without any all are meant."""
    given = node.constant(1, "its axes")
    axes = node.attribute("axes") if given is None else given.tolist()
    if not axes and node.attribute("noop_with_empty_axes", 0):
        return node.tensor(0)
    axes = [int(axis) for axis in axes] if axes else list(range(node.rank()))
    keep = bool(node.attribute("keepdims", 1))
    return node.call(_REDUCE[node.proto.op_type], node.tensor(0), axes, keep)


@operator("ArgMax", "ArgMin")
def position(node: Node) -> fx.Node:
    """The first of equal ones."""
    node.expect(select_last_index=0)
    function = torch.argmax if node.proto.op_type == "ArgMax" else torch.argmin
    axis, keep = node.attribute("axis", 0), bool(node.attribute("keepdims", 1))
    return node.call(function, node.tensor(0), axis, keep)
