"""Operators that move numbers without changing any: reshape, transpose, join, repeat."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..keras import tf, tf_keras
from .builder import Constant, Node, operator
from .layout import Laid, channels_last, moves_nothing, onnx_order
from .lengths import Length, Lengths, shape_of
from .operation import function

if TYPE_CHECKING:
    from collections.abc import Sequence

_L = tf_keras.layers
#: Stands for the open batch where lengths are multiplied: a prime that no length has as a factor.
_BATCH = 1_000_003


@function
def transpose(x: Any, axes: list[int]) -> Any:  # noqa: ANN401 - tensors
    """Permute all axes, the first among them."""
    return tf.transpose(x, axes)


@function
def reshape(x: Any, shape: list[int]) -> Any:  # noqa: ANN401
    """Reshape; -1 stands for the open axis."""
    return tf.reshape(x, shape)


@operator("Shape")
def shape(node: Node) -> np.ndarray | Lengths:
    """The lengths as numbers, the open one following the batch."""
    found = shape_of(node.laid(0))
    start, end = node.attribute("start", 0), node.attribute("end")
    if isinstance(found, np.ndarray):
        return found[start:end]
    return Lengths(tuple(run[start:end] for run in found.at))


@operator("Size")
def size(node: Node) -> np.ndarray | Lengths:
    """The number of elements."""
    found = shape_of(node.laid(0))
    if isinstance(found, np.ndarray):
        return np.prod(found)
    return Lengths(tuple(np.prod(run) for run in found.at))


@operator("Reshape")
def reshape_to(node: Node) -> Laid:
    """The shape may hold one -1, and 0 for the length that the axis has."""
    laid = node.laid(0)
    before = numbers(laid)
    wanted = node.lengths(1, "its shape") or []
    after = [multiple(length) for length in wanted]
    if not node.attribute("allowzero", 0):
        after = [before[axis] if n == 0 else n for axis, n in enumerate(after)]
    if -1 in after:
        rest = -math.prod(after)
        if rest == 0 or math.prod(before) % rest:
            node.refuse(f"{list(laid.shape)} does not fit the shape that is given")
        after[after.index(-1)] = math.prod(before) // rest
    return reshaped(node, laid, after)


@operator("Flatten")
def flatten(node: Node) -> Laid:
    """To a matrix: the axes before `axis`, and the others."""
    laid = node.laid(0)
    before, axis = numbers(laid), node.attribute("axis", 1)
    axis += laid.rank if axis < 0 else 0
    return reshaped(node, laid, [math.prod(before[:axis]), math.prod(before[axis:])])


@operator("Squeeze")
def squeeze(node: Node) -> Laid:
    """Without axes, all of fixed length 1."""
    laid, axes = node.laid(0), axes_of(node, 1)
    gone = [a for a, n in enumerate(laid.shape) if n == 1] if axes is None else axes
    gone = [axis % laid.rank for axis in gone]
    return reshaped(node, laid, [n for a, n in enumerate(numbers(laid)) if a not in gone])


@operator("Unsqueeze")
def unsqueeze(node: Node) -> Laid:
    """Axes count in the result."""
    laid, axes = node.laid(0), axes_of(node, 1) or []
    lengths = numbers(laid)
    for axis in sorted(axis % (laid.rank + len(axes)) for axis in axes):
        lengths.insert(axis, 1)
    return reshaped(node, laid, lengths)


def axes_of(node: Node, index: int) -> list[int] | None:
    """Return the axes of a node, an attribute or, in later opsets, an input."""
    value = node.constant(index, "its axes")
    found = node.attribute("axes") if value is None else value.reshape(-1).tolist()
    return None if found is None else [int(x) for x in found]


def numbers(laid: Laid) -> list[int]:
    """Return the lengths, the open one as a multiple of the number that stands for the batch."""
    return [laid.per_sample * _BATCH if length is None else length for length in laid.shape]


def multiple(length: Length) -> int:
    """Return a length as such a number."""
    return length.count * (_BATCH if length.open else 1)


def reshaped(node: Node, laid: Laid, after: Sequence[int]) -> Laid:
    """Reshape without moving numbers where the axes that are split or joined allow it.

    Axes fall into groups, each of which is joined and split by itself. Where every group lies
    together in memory, in its order, the groups may lie in any order.
    """
    before = numbers(laid)
    if math.prod(before) != math.prod(after) or 0 in before:
        node.refuse(f"{list(laid.shape)} does not fit the shape that is given")
    groups = _groups(before, after)
    order = _gathered(laid.order, [ours for ours, _ in groups])
    if not moves_nothing(laid.shape, laid.order, order):
        laid = node.builder.turned(laid, order, node.proto.input[0])
    ranked = sorted(groups, key=lambda group: order.index(group[0][0]) if group[0] else 0)
    places = [axis for _, theirs in ranked for axis in theirs]
    lengths = [after[axis] for axis in places]
    opens = [n for n in lengths if n % _BATCH == 0]
    per_sample = opens[0] // _BATCH if opens else laid.per_sample
    target = [-1 if n % _BATCH == 0 else n for n in lengths]
    if len(target) > 1 and _keeps_first(laid, target[0], per_sample):
        output = node.layer(_L.Reshape, laid.tensor, target[1:])
    else:
        output = node.operate("reshape", laid.tensor, shape=target)
    return Laid(output, tuple(places), per_sample)


def _keeps_first(laid: Laid, first: int, per_sample: int) -> bool:
    """Tell whether the first axis in memory stays, which Keras's own layer takes for the batch."""
    before = laid.tensor.shape[0] if laid.rank else 0
    return first == before or (first == -1 and before is None and per_sample == laid.per_sample)


def _groups(before: Sequence[int], after: Sequence[int]) -> list[tuple[list[int], list[int]]]:
    """Return the smallest groups of axes, ours and theirs, that hold the same numbers."""
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(before) and j < len(after):
        ours, theirs = [i], [j]
        left, right = before[i], after[j]
        i, j = i + 1, j + 1
        while left != right:
            if left < right:
                left, i = left * before[i], i + 1
                ours.append(i - 1)
            else:
                right, j = right * after[j], j + 1
                theirs.append(j - 1)
        groups.append((ours, theirs))
    if not groups:
        return [(list(range(len(before))), list(range(len(after))))]
    groups[-1][0].extend(range(i, len(before)))
    groups[-1][1].extend(range(j, len(after)))
    return groups


def _gathered(order: tuple[int, ...], groups: list[list[int]]) -> tuple[int, ...]:
    """Return the order in which each group lies together, else as near as can be."""
    found: list[int] = []
    for axis in order:
        if axis not in found:
            found += next(group for group in groups if axis in group)
    return tuple(found)


@operator("Transpose")
def transposed(node: Node) -> Laid:
    """Axes in another order, reversed where none is given: nothing moves."""
    laid = node.laid(0)
    return laid.permuted(list(node.attribute("perm", list(range(laid.rank))[::-1])))


@operator("Concat")
def concat(node: Node) -> Laid:
    """One after the other along an axis."""
    count = len(node.proto.input)
    like = next(node.laid(i) for i in range(count) if isinstance(node.input(i), Laid))
    parts = [_part(node, index, like) for index in range(count)]
    place = like.at(node.attribute("axis"))
    tensors = [part for part in parts if not isinstance(part, Constant)]
    if len(tensors) == count > 1:
        output = node.layer(_L.Concatenate, tensors, axis=place)
    elif count == 1:
        return like
    else:
        output = node.operate("joined", *parts, axis=place)
    return like.giving(output)


def _part(node: Node, index: int, like: Laid) -> Any:  # noqa: ANN401 - a tensor or a constant
    value = node.input(index)
    if isinstance(value, np.ndarray):
        back = tuple(np.argsort(like.order))
        return Constant(
            value.transpose(like.order), node.proto.input[index], lambda x: x.transpose(back)
        )
    return node.builder.turned(node.laid(index), like.order, node.proto.input[index]).tensor


@function
def joined(*parts: Any, axis: int) -> Any:  # noqa: ANN401
    """Concatenate."""
    return tf.concat(parts, axis)


@operator("Expand")
def expand(node: Node) -> Laid:
    """Broadcast both ways: where the shape has 1, the tensor's own length stays."""
    wanted = node.lengths(1, "its shape") or []
    value = node.input(0)
    if isinstance(value, np.ndarray):
        return _repeated(node, value, wanted)
    laid = node.plain()
    lengths = [Length(1, open=False)] * (laid.rank - len(wanted)) + wanted
    own = [1] * (len(lengths) - laid.rank) + numbers(laid)
    target = []
    for length, n in zip(lengths, own, strict=True):
        number = multiple(length)
        if n != 1 and number not in (1, n):
            node.refuse(f"{list(laid.shape)} does not fit the shape that is given")
        if length.open and n == 1:
            node.refuse("a computed tensor is repeated for each sample of the batch")
        target.append(n if number == 1 else number)
    if target == own and len(own) == laid.rank:
        return laid
    final = [-1 if n % _BATCH == 0 else n for n in target]
    return laid.giving(node.operate("broadcast", laid.tensor, shape=final), onnx_order(len(final)))


@function
def broadcast(x: Any, shape: list[int]) -> Any:  # noqa: ANN401
    """Broadcast; -1 stands for the open axis, whose length stays."""
    known = tf.shape(x)
    shift = len(shape) - len(x.shape)
    return tf.broadcast_to(x, [known[a - shift] if n == -1 else n for a, n in enumerate(shape)])


@operator("ConstantOfShape")
def constant_of_shape(node: Node) -> Laid:
    """A tensor of one value."""
    value = np.asarray(node.attribute("value", np.zeros(1, np.float32))).reshape(())
    return _repeated(node, value, node.lengths(0, "its shape") or [])


def _repeated(node: Node, value: np.ndarray, wanted: list[Length]) -> Laid:
    """Return a constant once for each sample; the batch is asked of an input of the model."""
    found = [x for x in node.builder.values.values() if isinstance(x, Laid) and None in x.shape]
    opened = [length for length in wanted if length.open]
    if len(opened) != 1 or not found or found[0].per_sample != 1:
        node.refuse("its shape does not simply follow the batch")
    lead = (1,) * (len(wanted) - value.ndim)
    own = lead + value.shape
    if len(own) > len(wanted):
        node.refuse("it has more axes than its shape")
    reference = found[0]
    shape = [
        -1 if length.open else max(length.count, n) for length, n in zip(wanted, own, strict=True)
    ]
    constant = Constant(value.reshape(own), node.proto.input[0], lambda x: x.reshape(value.shape))
    output = node.operate(
        "for_each_sample", reference.tensor, constant, shape=shape,
        axis=list(reference.tensor.shape).index(None), each=opened[0].count,
    )  # fmt: skip
    return Laid(output, onnx_order(len(shape)), opened[0].count)


@function
def for_each_sample(x: Any, constant: Any, shape: list[int], axis: int, each: int) -> Any:  # noqa: ANN401
    """Broadcast a constant to a shape whose open axis follows the batch of `x`."""
    batch = tf.shape(x)[axis] * each
    return tf.broadcast_to(constant, [batch if n == -1 else n for n in shape])


@operator("Tile")
def tile(node: Node) -> Laid:
    """Repeat along each axis."""
    laid, repeats = node.laid(0), node.needed(1, "its repeats").tolist()
    if any(n is None and repeats[axis] != 1 for axis, n in enumerate(laid.shape)):
        node.refuse("the batch is repeated")
    places = [int(repeats[axis]) for axis in laid.order]
    return laid.giving(node.operate("repeated", laid.tensor, repeats=places))


@function
def repeated(x: Any, repeats: list[int]) -> Any:  # noqa: ANN401
    """Tile."""
    return tf.tile(x, repeats)


@operator("DepthToSpace", "SpaceToDepth")
def blocks(node: Node) -> Laid:
    """Blocks of channels become blocks of pixels, and back."""
    laid, block = node.image(), node.attribute("blocksize")
    if laid.order != channels_last(4):
        node.refuse("only of images")
    deep = node.op == "SpaceToDepth"
    crd = not deep and node.attribute("mode", "DCR") == "CRD"
    return laid.giving(node.operate("in_blocks", laid.tensor, block=block, deep=deep, crd=crd))


@function
def in_blocks(x: Any, block: int, deep: bool, crd: bool) -> Any:  # noqa: ANN401, FBT001
    """TensorFlow has the block's place as the slow index (DCR); for CRD channels go over first."""
    if deep:
        return tf.nn.space_to_depth(x, block)
    if crd:
        places = np.arange(x.shape[-1]).reshape(-1, block * block).T.reshape(-1)
        x = tf.gather(x, places.astype(np.int32), axis=-1)
    return tf.nn.depth_to_space(x, block)
