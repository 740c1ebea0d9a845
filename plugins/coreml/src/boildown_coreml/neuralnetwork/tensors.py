"""Layers on tensors of any shape: products, reductions, shapes, slices, tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto

from .builder import layer
from .weights import decode, layer_weight

if TYPE_CHECKING:
    from .builder import NetLayer

_FAR = np.iinfo(np.int64).max
_REDUCTIONS = {
    "reduceL1": "ReduceL1",
    "reduceL2": "ReduceL2",
    "reduceLogSum": "ReduceLogSum",
    "reduceLogSumExp": "ReduceLogSumExp",
    "reduceMax": "ReduceMax",
    "reduceMean": "ReduceMean",
    "reduceMin": "ReduceMin",
    "reduceProd": "ReduceProd",
    "reduceSum": "ReduceSum",
    "reduceSumSquare": "ReduceSumSquare",
}


@layer("innerProduct")
def _inner_product(net: NetLayer) -> str:
    params = net.params
    if params.int8DynamicQuantize:
        net.refuse("it quantizes its input while it runs")
    weight = decode(params.weights, (params.outputChannels, params.inputChannels)).values
    product = net.layer("MatMul", net.x, net.constant(weight.T))
    if not params.hasBias:
        return product
    bias = decode(params.bias, (params.outputChannels,)).values
    return net.emit("Add", product, net.constant(bias))


@layer("batchedMatmul")
def _batched_matmul(net: NetLayer) -> str:
    params, sides = net.params, net.inputs
    if params.int8DynamicQuantize:
        net.refuse("it quantizes its input while it runs")
    for place, turned in enumerate((params.transposeA, params.transposeB)):
        if turned and place < len(sides):
            sides[place] = _turned(net, sides[place])
    weight = layer_weight(net.message)
    if len(sides) == 1 and weight is not None:
        product = net.layer("MatMul", sides[0], net.constant(weight.values.T))
    else:
        product = net.emit("MatMul", *sides)
    if not params.hasBias:
        return product
    bias = decode(params.bias, (params.weightMatrixSecondDimension,)).values
    return net.emit("Add", product, net.constant(bias))


def _turned(net: NetLayer, name: str) -> str:
    axes = list(range(len(net.shape(name))))
    axes[-2:] = axes[-1], axes[-2]
    return net.emit("Transpose", name, perm=axes)


@layer("loadConstantND")
def _load_constant(net: NetLayer) -> str:
    return net.constant(decode(net.params.data, tuple(net.params.shape)).values)


@layer("embeddingND")
def _embedding(net: NetLayer) -> str:
    weight = layer_weight(net.message)
    if weight is None or net.params.hasBias:
        net.refuse("a table with a bias is not translated")
    places = net.emit("Cast", net.x, to=TensorProto.INT64)
    places = net.emit("Squeeze", places, net.lengths([-1]))
    return net.layer("Gather", net.constant(weight.values.T), places, axis=0)


@layer("gather")
def _gather(net: NetLayer) -> str:
    places = net.emit("Cast", net.inputs[1], to=TensorProto.INT64)
    return net.layer("Gather", net.x, places, axis=net.params.axis)


@layer("softmax", "softmaxND")
def _softmax(net: NetLayer) -> str:
    """The older layer goes over channels, the third axis from the end."""
    axis = net.params.axis if net.kind == "softmaxND" else -3
    return net.emit("Softmax", net.x, axis=axis)


@layer(*_REDUCTIONS)
def _reduce(net: NetLayer) -> str:
    axes = [] if net.params.reduceAll else [net.lengths(net.params.axes)]
    return net.emit(_REDUCTIONS[net.kind], net.x, *axes, keepdims=int(net.params.keepDims))


@layer("argMax", "argMin")
def _extreme(net: NetLayer) -> str:
    made = "ArgMax" if net.kind == "argMax" else "ArgMin"
    keep = int(not net.params.removeDim)
    place = net.emit(made, net.x, axis=net.params.axis, keepdims=keep)
    return net.emit("Cast", place, to=TensorProto.FLOAT)


@layer("layerNormalization")
def _layer_norm(net: NetLayer) -> str:
    params = net.params
    shape = tuple(params.normalizedShape)
    parts = [net.constant(decode(part, shape).values) for part in (params.gamma, params.beta)]
    return net.emit("LayerNormalization", net.x, *parts, axis=-len(shape), epsilon=params.eps)


@layer("concat", "concatND")
def _concat(net: NetLayer) -> str:
    if net.kind == "concat" and net.params.sequenceConcat:
        net.refuse("it joins series")
    if net.kind == "concatND" and net.params.interleave:
        net.refuse("its inputs are interleaved")
    return net.emit("Concat", *net.inputs, axis=net.params.axis if net.kind == "concatND" else -3)


@layer("splitND")
def _split(net: NetLayer) -> list[str]:
    params, count = net.params, len(net.message.output)
    sizes = [net.lengths(params.splitSizes)] if params.splitSizes else []
    settings = {} if sizes else {"num_outputs": count}
    inputs = [net.x, *sizes]
    return net.graph.node("Split", inputs, net.message.name, count, axis=params.axis, **settings)


@layer("stack")
def _stack(net: NetLayer) -> str:
    where = net.lengths([net.params.axis])
    parts = [net.emit("Unsqueeze", name, where) for name in net.inputs]
    return net.emit("Concat", *parts, axis=net.params.axis)


@layer("expandDims")
def _expand_dims(net: NetLayer) -> str:
    return net.emit("Unsqueeze", net.x, net.lengths(net.params.axes))


@layer("squeeze")
def _squeeze(net: NetLayer) -> str:
    axes = [] if net.params.squeezeAll else [net.lengths(net.params.axes)]
    return net.emit("Squeeze", net.x, *axes)


@layer("reshapeStatic", "rankPreservingReshape")
def _reshape(net: NetLayer) -> str:
    """Only the second takes 0 for a length that stays."""
    return net.emit("Reshape", net.x, net.lengths(net.params.targetShape))


@layer("flattenTo2D")
def _flatten(net: NetLayer) -> str:
    return net.emit("Flatten", net.x, axis=net.params.axis)


@layer("transpose")
def _transpose(net: NetLayer) -> str:
    axes = list(net.params.axes)
    return net.emit("Transpose", net.x, perm=[axis % len(axes) for axis in axes])


@layer("tile")
def _tile(net: NetLayer) -> str:
    return net.emit("Tile", net.x, net.lengths(net.params.reps))


@layer("constantPad")
def _constant_pad(net: NetLayer) -> str:
    params, amounts = net.params, list(net.params.padAmounts)
    if params.padToGivenOutputSizeMode:
        net.refuse("it pads to a given size")
    pads = net.lengths([*amounts[0::2], *amounts[1::2]])
    return net.emit("Pad", net.x, pads, net.number(params.value))


@layer("slice")
def _slice(net: NetLayer) -> str:
    """An end of the last index or less counts from the end, as in Python."""
    params = net.params
    axis = {"CHANNEL_AXIS": -3, "HEIGHT_AXIS": -2, "WIDTH_AXIS": -1}[
        params.SliceAxis.Name(params.axis)
    ]
    parts = ([params.startIndex], [params.endIndex], [axis], [params.stride or 1])
    return net.emit("Slice", net.x, *map(net.lengths, parts))


@layer("sliceStatic")
def _slice_static(net: NetLayer) -> str:
    params = net.params
    begins, ends, strides = list(params.beginIds), list(params.endIds), list(params.strides)
    squeezed = list(params.squeezeMasks) or [False] * len(begins)
    for axis, (first, last) in enumerate(zip(params.beginMasks, params.endMasks, strict=True)):
        forward = strides[axis] > 0
        if first:
            begins[axis] = 0 if forward else _FAR
        if last:
            ends[axis] = _FAR if forward else -_FAR
        if squeezed[axis]:
            ends[axis], strides[axis] = begins[axis] + 1 or _FAR, 1
    parts = (begins, ends, range(len(begins)), strides)
    found = net.emit("Slice", net.x, *map(net.lengths, parts))
    gone = [axis for axis, goes in enumerate(squeezed) if goes]
    return net.emit("Squeeze", found, net.lengths(gone)) if gone else found
