"""Reshape, Transpose and their kin: the same numbers under other lengths."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from ..keras import tf, tf_keras
from .builder import Node, operator
from .layout import Laid, moves_nothing
from .lengths import Length, Lengths, shape_of
from .operation import function

if TYPE_CHECKING:
    from collections.abc import Sequence

_L = tf_keras.layers
#: Stands for the open batch where lengths are multiplied: a prime that no length has as a factor.
BATCH = 1_000_003


@function
def transpose(x: Any, axes: list[int]) -> Any:
    """Permute all axes, the first among them."""
    return tf.transpose(x, axes)


@function
def reshape(x: Any, shape: list[int]) -> Any:
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
        return np.asarray(np.prod(found))
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
    return [laid.per_sample * BATCH if length is None else length for length in laid.shape]


def multiple(length: Length) -> int:
    """Return a length as such a number."""
    return length.count * (BATCH if length.open else 1)


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
    opens = [n for n in lengths if n % BATCH == 0]
    per_sample = opens[0] // BATCH if opens else laid.per_sample
    target = [-1 if n % BATCH == 0 else n for n in lengths]
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
