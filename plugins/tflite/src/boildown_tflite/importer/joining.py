"""Concat, Expand, Tile and blocks: numbers put together or repeated."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..keras import tf, tf_keras
from .builder import Constant, Node, operator
from .layout import Laid, channels_last, onnx_order, with_open_axis
from .lengths import Length
from .operation import function
from .shaping import BATCH, multiple, numbers

_L = tf_keras.layers


@operator("Concat")
def concat(node: Node) -> Laid:
    """One after the other along an axis."""
    count = len(node.proto.input)
    like = with_open_axis([part for part in node.inputs if isinstance(part, Laid)])
    parts = [_part(node, index, like) for index in range(count)]
    if like.shape[node.attribute("axis")] is None:
        node.refuse("it joins along the open axis")
    place = like.at(node.attribute("axis"))
    tensors = [part for part in parts if not isinstance(part, Constant)]
    if len(tensors) == count > 1:
        output = node.layer(_L.Concatenate, tensors, axis=place)
    elif count == 1:
        return like
    else:
        output = node.operate("joined", *parts, axis=place)
    return like.giving(output)


def _part(node: Node, index: int, like: Laid) -> Any:
    value = node.input(index)
    if isinstance(value, np.ndarray):
        back = tuple(np.argsort(like.order))
        return Constant(
            value.transpose(like.order), node.proto.input[index], lambda x: x.transpose(back)
        )
    return node.builder.turned(node.laid(index), like.order, node.proto.input[index]).tensor


@function
def joined(*parts: Any, axis: int) -> Any:
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
    final = [-1 if n % BATCH == 0 else n for n in target]
    return laid.giving(node.operate("broadcast", laid.tensor, shape=final), onnx_order(len(final)))


@function
def broadcast(x: Any, shape: list[int]) -> Any:
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
def for_each_sample(x: Any, constant: Any, shape: list[int], axis: int, each: int) -> Any:
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
def repeated(x: Any, repeats: list[int]) -> Any:
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
def in_blocks(x: Any, block: int, deep: bool, crd: bool) -> Any:
    """TensorFlow has the block's place as the slow index (DCR); for CRD channels go over first."""
    if deep:
        return tf.nn.space_to_depth(x, block)
    if crd:
        places = np.arange(x.shape[-1]).reshape(-1, block * block).T.reshape(-1)
        x = tf.gather(x, places.astype(np.int32), axis=-1)
    return tf.nn.depth_to_space(x, block)
