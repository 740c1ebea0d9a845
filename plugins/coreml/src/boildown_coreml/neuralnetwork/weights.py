"""Weights of a neural network decoded: float32, float16, and 1 to 8 bits by scale or by table.

Codes are packed from the highest bit on, over the borders of bytes; a scale and a bias belong to
each output channel, or to all (`WeightParams` of coremltools' `NeuralNetwork.proto`).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from boildown import UnsupportedError


class Decoded(NamedTuple):
    """The numbers of one weight, the bits of each that is stored, and the bytes of all."""

    values: np.ndarray
    bits: float
    payload_bytes: int


def decode(weight: Any, shape: tuple[int, ...], axis: int = 0) -> Decoded:
    """Return a weight of the given shape; `axis` counts its output channels.

    Raises UnsupportedError for a form that is not known, and where the file holds another number
    of values than the shape asks for (coremltools can write empty tables).
    """
    count = math.prod(shape)
    if weight.floatValue:
        return _plain(np.array(weight.floatValue, np.float32), shape, 32)
    if weight.float16Value:
        return _plain(np.frombuffer(weight.float16Value, np.float16), shape, 16)
    kind = weight.quantization.WhichOneof("QuantizationType")
    bits = int(weight.quantization.numberOfBits)
    if kind is None or not weight.rawValue or weight.isUpdatable:
        raise UnsupportedError("a weight of the network is empty or in a form that is not known")
    stored = np.frombuffer(weight.rawValue, np.uint8)
    codes = np.unpackbits(stored)[: bits * count]
    if codes.size != bits * count:
        raise UnsupportedError(f"a weight of shape {shape} has too few codes of {bits} bits")
    codes = (codes.reshape(count, bits).astype(np.int64) << np.arange(bits)[::-1]).sum(axis=1)
    codes = codes.reshape(shape)
    if kind == "lookupTableQuantization":
        table = np.array(weight.quantization.lookupTableQuantization.floatValue, np.float32)
        if table.size <= codes.max(initial=0):
            raise UnsupportedError(
                f"a table of the network has {table.size} entries for {bits} bits"
            )
        return Decoded(table[codes], bits, stored.size + 4 * table.size)
    scales = weight.quantization.linearQuantization
    scale, bias = (np.array(part, np.float64) for part in (scales.scale, scales.bias))
    places = [-1 if place == axis else 1 for place in range(len(shape))]
    if scale.size > 1:
        scale, bias = scale.reshape(places), bias.reshape(places)
    values = (codes * scale + bias).astype(np.float32)
    return Decoded(values, bits, stored.size + 4 * (scale.size + bias.size))


def _plain(values: np.ndarray, shape: tuple[int, ...], bits: int) -> Decoded:
    if values.size != math.prod(shape):
        raise UnsupportedError(f"a weight of shape {shape} has {values.size} values")
    return Decoded(values.reshape(shape), bits, values.size * bits // 8)


def layer_weight(layer: Any) -> Decoded | None:
    """Return the weight matrix of a layer of the network, None where it has none."""
    kind = layer.WhichOneof("layer")
    params = getattr(layer, kind)
    if kind == "convolution":
        return decode(params.weights, convolution_shape(params), int(params.isDeconvolution))
    if kind == "innerProduct":
        return decode(params.weights, (params.outputChannels, params.inputChannels))
    if kind == "embeddingND":
        return decode(params.weights, (params.embeddingSize, params.vocabSize))
    if kind == "batchedMatmul" and params.weightMatrixFirstDimension:
        shape = (params.weightMatrixSecondDimension, params.weightMatrixFirstDimension)
        return decode(params.weights, shape)
    if kind == "loadConstantND":
        # Its codes have one scale for all.
        return decode(params.data, tuple(params.shape))
    return None


def convolution_shape(params: Any) -> tuple[int, ...]:
    """Return the shape of the weight of a convolution, in ONNX's order."""
    kernel = tuple(params.kernelSize)
    if params.isDeconvolution:
        return (params.kernelChannels, params.outputChannels // max(params.nGroups, 1), *kernel)
    return (params.outputChannels, params.kernelChannels, *kernel)
