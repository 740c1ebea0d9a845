"""Operators that move numbers without changing any: reshape, transpose, join, cut, repeat."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name that everybody knows
from torch import Tensor, fx, nn

from .builder import Node, operator


def lengths_of(x: Tensor, start: int | None, end: int | None) -> list[Any]:
    """Return the lengths of the axes as integers (or symbols)."""
    return list(x.shape)[start:end]


def count_of(x: Tensor) -> Any:  # noqa: ANN401 - a number or a symbol
    """Return the number of elements."""
    return math.prod(x.shape)


def reshaped(x: Tensor, shape: list[Any], *, zeros: bool) -> Tensor:
    """Reshape; without `zeros` a 0 stands for the length that the axis has."""
    wanted = [
        x.shape[axis] if not zeros and isinstance(length, int) and length == 0 else length
        for axis, length in enumerate(shape)
    ]
    return x.reshape(wanted)


def expanded(x: Tensor, shape: list[Any]) -> Tensor:
    """Broadcast both ways: where `shape` has 1, the tensor's own length stays."""
    missing = max(len(shape) - x.dim(), 0)
    shape = [1] * (x.dim() - len(shape)) + list(shape)
    wanted = [
        -1 if axis >= missing and isinstance(length, int) and length == 1 else length
        for axis, length in enumerate(shape)
    ]
    return x.expand(wanted)


def flattened(x: Tensor, axis: int) -> Tensor:
    """Return a matrix: the axes before `axis`, and the others."""
    return x.reshape(math.prod(x.shape[:axis]), -1)


def filled(shape: list[Any], value: float, dtype: torch.dtype) -> Tensor:
    """Return a tensor of one value."""
    return torch.full(shape, value, dtype=dtype)


def tiled(x: Tensor, repeats: list[int]) -> Tensor:
    """Repeat along each axis."""
    return x.repeat(repeats)


def squeezed(x: Tensor, axes: list[int]) -> Tensor:
    """Take axes of length 1 out."""
    return x.squeeze(axes)


def unsqueezed(x: Tensor, axes: list[int]) -> Tensor:
    """Put axes of length 1 in; `axes` are places in the result, in order."""
    for axis in axes:
        x = x.unsqueeze(axis)
    return x


@operator("Shape")
def shape(node: Node) -> fx.Node:
    """Lengths are Python integers from here on."""
    return node.call(lengths_of, node.tensor(0), node.attribute("start"), node.attribute("end"))


@operator("Size")
def size(node: Node) -> fx.Node:
    """The number of elements."""
    return node.call(count_of, node.tensor(0))


def _lengths(node: Node, index: int, what: str) -> Any:  # noqa: ANN401 - lengths or their node
    value = node.input(index)
    if isinstance(value, np.ndarray):
        return [int(x) for x in value.reshape(-1)]
    if not node.is_length(index):
        node.refuse(f"{what} depends on the data")
    return value


@operator("Reshape")
def reshape(node: Node) -> fx.Node:
    """The shape may hold -1 and 0."""
    if isinstance(node.input(1), np.ndarray) and _only_flattens(node):
        node.builder.flattens.append(node.name)
        return node.module(nn.Flatten(1), node.tensor(0))
    zeros = bool(node.attribute("allowzero", 0))
    return node.call(reshaped, node.tensor(0), _lengths(node, 1, "its shape"), zeros=zeros)


def _only_flattens(node: Node) -> bool:
    """Tell whether all axes behind the open batch become one, whatever their lengths."""
    shapes = node.builder.shapes
    before, after = (shapes.get(name) for name in (node.proto.input[0], node.proto.output[0]))
    if before is None or after is None or len(after) != 2 or len(before) < 2:  # noqa: PLR2004
        return False
    known = None not in before[1:] and before[0] is None and after[0] is None
    return known and after[1] == math.prod(length or 0 for length in before[1:])


@operator("Expand")
def expand(node: Node) -> fx.Node:
    """Broadcast to a shape."""
    return node.call(expanded, node.tensor(0), _lengths(node, 1, "its shape"))


@operator("Flatten")
def flatten(node: Node) -> fx.Node:
    """To a matrix."""
    axis = node.attribute("axis", 1)
    if axis == 1:
        return node.module(nn.Flatten(1), node.tensor(0)) if node.rank() > 1 else node.call(
            flattened, node.tensor(0), 1)  # fmt: skip
    return node.call(flattened, node.tensor(0), axis + node.rank() if axis < 0 else axis)


@operator("ConstantOfShape")
def constant_of_shape(node: Node) -> fx.Node:
    """A tensor of one value."""
    value = node.attribute("value", np.zeros(1, np.float32))
    dtype = torch.from_numpy(np.array(value)).dtype
    return node.call(filled, _lengths(node, 0, "its shape"), value.item(), dtype)


@operator("Range")
def arange(node: Node) -> fx.Node:
    """Numbers from start to limit."""
    parts = [v.item() if isinstance(v, np.ndarray) else v for v in node.inputs]
    if any(isinstance(v, fx.Node) and not node.is_length(i) for i, v in enumerate(node.inputs)):
        node.refuse("a bound depends on the data")
    return node.call(torch.arange, *parts)


@operator("Transpose")
def transpose(node: Node) -> fx.Node:
    """Axes in another order, reversed where none is given."""
    order = node.attribute("perm", list(range(node.rank()))[::-1])
    return node.call(torch.permute, node.tensor(0), list(order))


@operator("Concat")
def concat(node: Node) -> fx.Node:
    """One after the other along an axis."""
    parts = [node.tensor(index) for index in range(len(node.proto.input))]
    return node.call(torch.cat, parts, node.attribute("axis"))


def _axes(node: Node, index: int) -> list[int] | None:
    value = node.constant(index, "its axes")
    found = node.attribute("axes") if value is None else value.reshape(-1).tolist()
    return None if found is None else [int(x) for x in found]


@operator("Squeeze")
def squeeze(node: Node) -> fx.Node:
    """Without axes, all of fixed length 1."""
    axes = _axes(node, 1)
    if axes is None:
        axes = [axis for axis, length in enumerate(node.shape()) if length == 1]
    return node.call(squeezed, node.tensor(0), axes)


@operator("Unsqueeze")
def unsqueeze(node: Node) -> fx.Node:
    """Axes count in the result."""
    axes = _axes(node, 1) or []
    rank = node.rank() + len(axes)
    return node.call(unsqueezed, node.tensor(0), sorted(axis % rank for axis in axes))


@operator("Split")
def split(node: Node) -> list[fx.Node]:
    """By lengths, or into equal parts of which the last may be shorter."""
    axis, outputs = node.attribute("axis", 0), len(node.proto.output)
    given = node.constant(1, "its lengths")
    lengths = node.attribute("split") if given is None else given.tolist()
    if lengths is None:
        whole = node.shape()[axis]
        if whole is None:
            node.refuse("equal parts of an axis of open length")
        each = -(-whole // node.attribute("num_outputs", outputs))
        lengths = [min(each, whole - start) for start in range(0, whole, each)]
    parts = node.call(torch.split, node.tensor(0), list(lengths), axis)
    return [node.call(item, parts, index) for index in range(outputs)]


def item(parts: Any, index: int) -> Any:  # noqa: ANN401 - any sequence
    """Return one part."""
    return parts[index]


@operator("Tile")
def tile(node: Node) -> fx.Node:
    """Repeat along each axis."""
    return node.call(tiled, node.tensor(0), _lengths(node, 1, "its repeats"))


@operator("Pad")
def pad(node: Node) -> fx.Node:
    """With a constant, the border's number, or mirrored."""
    mode = node.attribute("mode", "constant")
    modes = {"constant": "constant", "reflect": "reflect", "edge": "replicate"}
    if mode not in modes:
        node.refuse(f"mode = {mode}")
    given = node.constant(1, "its pads")
    pads = node.attribute("pads") if given is None else given.tolist()
    value = node.constant(2, "its value")
    number = node.attribute("value", 0.0) if value is None else value.item()
    rank, axes = node.rank(), _axes(node, 3)
    axes = list(range(rank)) if axes is None else [axis % rank for axis in axes]
    places = {axis: (pads[i], pads[i + len(axes)]) for i, axis in enumerate(axes)}
    turned = [side for axis in reversed(range(rank)) for side in places.get(axis, (0, 0))]
    while len(turned) > 2 and turned[-2:] == [0, 0]:  # noqa: PLR2004 - a pair
        turned = turned[:-2]
    if mode == "constant":
        return node.call(F.pad, node.tensor(0), turned, value=number)
    # PyTorch mirrors exactly the last one, two or three axes of three to five.
    turned += [0, 0] * (rank - 2 - len(turned) // 2)
    if len(turned) != 2 * (rank - 2) or not 3 <= rank <= 5:  # noqa: PLR2004
        node.refuse(f"mode = {mode} on the batch or channel axis")
    return node.call(F.pad, node.tensor(0), turned, mode=modes[mode])


def depth_to_space(x: Tensor, size: int) -> Tensor:
    """Blocks of channels become blocks of pixels, the block's place being the slow index (DCR)."""
    n, c, h, w = x.shape
    blocks = x.reshape(n, size, size, c // size**2, h, w).permute(0, 3, 4, 1, 5, 2)
    return blocks.reshape(n, c // size**2, h * size, w * size)


def space_to_depth(x: Tensor, size: int) -> Tensor:
    """Blocks of pixels become channels, the block's place being the slow index."""
    n, c, h, w = x.shape
    blocks = x.reshape(n, c, h // size, size, w // size, size).permute(0, 3, 5, 1, 2, 4)
    return blocks.reshape(n, c * size**2, h // size, w // size)


@operator("DepthToSpace")
def to_space(node: Node) -> fx.Node:
    """CRD is PyTorch's pixel shuffle."""
    size = node.attribute("blocksize")
    if node.attribute("mode", "DCR") == "CRD":
        return node.module(nn.PixelShuffle(size), node.tensor(0))
    return node.call(depth_to_space, node.tensor(0), size)


@operator("SpaceToDepth")
def to_depth(node: Node) -> fx.Node:
    """The inverse of DepthToSpace in mode DCR."""
    return node.call(space_to_depth, node.tensor(0), node.attribute("blocksize"))
