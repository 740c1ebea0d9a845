"""Gather, Slice and their kin."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, fx, nn

from .builder import Node, operator

_MATRIX = 2


def picked(x: Tensor, index: Tensor, axis: int) -> Tensor:
    """Take entries along an axis; the axes of `index` take its place. Negative places count."""
    axis %= x.dim()
    index = torch.where(index < 0, index + x.shape[axis], index)
    flat = torch.index_select(x, axis, index.reshape(-1))
    return flat.reshape([*x.shape[:axis], *index.shape, *x.shape[axis + 1 :]])


def sliced(x: Tensor, cuts: list[tuple[int, Any, Any, int]]) -> Tensor:
    """Cut (axis, start, end, step) after (axis, start, end, step), steps above 0."""
    for axis, start, end, step in cuts:
        place = [slice(None)] * axis + [slice(start, end, step)]
        x = x[tuple(place)]
    return x


def selected(x: Tensor, axis: int, places: list[int]) -> Tensor:
    """Take fixed places along an axis."""
    return torch.index_select(x, axis, torch.tensor(places, device=x.device))


@operator("Gather")
def gather(node: Node) -> fx.Node:
    """A constant table of vectors is an `nn.Embedding`."""
    data, index, axis = node.input(0), node.input(1), node.attribute("axis", 0)
    table = isinstance(data, np.ndarray) and data.ndim == _MATRIX and data.dtype == np.float32
    if table and axis == 0 and isinstance(index, fx.Node):
        return _embedding(node, node.constant(0, "its table"))
    if isinstance(index, np.ndarray) and index.ndim == 0:
        return node.call(torch.select, node.tensor(0), axis, int(index))
    if isinstance(index, np.ndarray) and index.ndim == 1:
        length = node.shape()[axis]
        if length is None and (index < 0).any():
            node.refuse("negative places on an axis of open length")
        places = [int(i) if i >= 0 else int(i) + (length or 0) for i in index]
        return node.call(selected, node.tensor(0), axis % node.rank(), places)
    if node.is_length(1):
        node.refuse("its places are lengths")
    return node.call(picked, node.tensor(0), node.tensor(1), axis)


def _embedding(node: Node, table: np.ndarray | None) -> fx.Node:
    assert table is not None  # noqa: S101 - looked at by the caller
    layer = nn.Embedding(*table.shape)
    layer.weight = node.builder.parameter(node.proto.input[0], table)
    length = len(table)
    index = node.call(wrapped, node.tensor(1), length)
    call = node.module(layer, index)
    node.own(call, "weight", 0)
    return call


def wrapped(index: Tensor, length: int) -> Tensor:
    """Count negative places from the end, as ONNX does."""
    return torch.where(index < 0, index + length, index)


@operator("GatherElements")
def gather_elements(node: Node) -> fx.Node:
    """One place for each element."""
    axis = node.attribute("axis", 0)
    length = node.shape()[axis]
    if length is None:
        node.refuse("an axis of open length")
    index = node.call(wrapped, node.tensor(1), length)
    return node.call(torch.gather, node.tensor(0), axis, index)


@operator("Slice")
def cut(node: Node) -> fx.Node:
    """Bounds are attributes before opset 10; steps may be negative on axes of fixed length."""
    rank = node.rank()
    starts, ends, axes = (_bounds(node, *at) for at in ((1, "starts"), (2, "ends"), (3, "axes")))
    steps = _bounds(node, 4, "steps")
    if isinstance(axes, fx.Node) or isinstance(steps, fx.Node):
        node.refuse("its axes or steps are computed")
    if isinstance(starts, fx.Node) or isinstance(ends, fx.Node):
        if axes is None or len(axes) != 1:
            node.refuse("several computed bounds")
        first, last = (b if isinstance(b, fx.Node) else b[0] if b else None for b in (starts, ends))
        step = steps[0] if steps else 1
        if step < 0:
            node.refuse("a negative step with computed bounds")
        return node.call(sliced_at, node.tensor(0), axes[0] % rank, first, last, step)
    assert starts is not None and ends is not None  # noqa: S101, PT018 - the checker wants both
    axes = list(range(len(starts))) if axes is None else [axis % rank for axis in axes]
    steps = steps or [1] * len(starts)
    cuts, data = [], node.tensor(0)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        if step > 0:
            cuts.append((axis, start, end, step))
            continue
        length = node.shape()[axis]
        if length is None:
            node.refuse("a negative step on an axis of open length")
        data = node.call(selected, data, axis, _backwards(length, start, end, step))
    return node.call(sliced, data, cuts) if cuts else data


def sliced_at(x: Tensor, axis: int, start: Any, end: Any, step: int) -> Tensor:  # noqa: ANN401
    """Cut along one axis at lengths."""
    start, end = (b[0] if isinstance(b, list) else b for b in (start, end))
    return sliced(x, [(axis, start, end, step)])


def _backwards(length: int, start: int, end: int, step: int) -> list[int]:
    start = min(start + length if start < 0 else start, length - 1)
    end = max(end + length if end < 0 else end, -1)
    return list(range(start, end, step))


def _bounds(node: Node, index: int, name: str) -> Any:  # noqa: ANN401 - numbers or their node
    value = node.input(index)
    if isinstance(value, fx.Node):
        if not node.is_length(index):
            node.refuse(f"its {name} depend on the data")
        return value
    found = node.attribute(name) if value is None else value.reshape(-1).tolist()
    return None if found is None else [int(x) for x in found]


@operator("CumSum")
def cumulated(node: Node) -> fx.Node:
    """From the first on, itself included."""
    node.expect(exclusive=0, reverse=0)
    axis = node.constant(1, "its axis")
    assert axis is not None  # noqa: S101 - the checker wants one
    return node.call(torch.cumsum, node.tensor(0), int(axis.item()))


@operator("Trilu")
def triangle(node: Node) -> fx.Node:
    """The upper or lower triangle."""
    shift = node.constant(1, "its diagonal")
    function = torch.triu if node.attribute("upper", 1) else torch.tril
    return node.call(function, node.tensor(0), 0 if shift is None else int(shift.item()))
