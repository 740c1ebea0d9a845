"""Forget what a network has learnt: weights drawn anew, norms and their statistics reset."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import numpy_helper

from ..model.layers import RECURRENT, flag, source_layers

if TYPE_CHECKING:
    from collections.abc import Callable

    from onnx import ModelProto, NodeProto

#: The slope that PyTorch begins with.
_SLOPE = 0.25


def start_anew(model: ModelProto, seed: int) -> ModelProto:
    """Return a copy whose layers are drawn anew; the same seed draws the same numbers.

    Convolutions as He and others (2015) draw them for rectifiers, without which deep networks
    that have no batch norms do not begin to learn; other layers as PyTorch does by default:
    linear, transposed and recurrent ones uniformly up to 1 / sqrt(n) for n inputs (recurrent: n
    units), tables normally, norms with factor 1 and summand 0. Constants outside of layers
    (positions, layer scales) stay.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    drawing = _Drawing(copy, np.random.default_rng(seed))
    for node in copy.graph.node:
        if node.domain in {"", "ai.onnx"} and node.op_type in _WAYS:
            _WAYS[node.op_type](drawing, node)
    return copy


class _Drawing:
    """A graph whose initializers are drawn, each once."""

    def __init__(self, model: ModelProto, random: np.random.Generator) -> None:
        self.random = random
        self._tensors = {tensor.name: tensor for tensor in model.graph.initializer}
        self._drawn: set[str] = set()
        self._axes = {(layer.node, layer.weight): layer.axis for layer in source_layers(model)}
        self._takers: dict[str, list[NodeProto]] = {}
        for node in model.graph.node:
            for name in node.input:
                self._takers.setdefault(name, []).append(node)

    def weight(self, node: NodeProto) -> tuple[str, int] | None:
        """Return the weight of a layer and how many inputs each of its outputs has."""
        for name in node.input:
            if (node.name, name) in self._axes:
                shape = self._tensors[name].dims
                # PyTorch counts axis 1 as the inputs, also of transposed convolutions.
                axis = 0 if node.op_type == "ConvTranspose" else self._axes[node.name, name]
                return name, math.prod(shape) // shape[axis]
        return None

    def bias(self, node: NodeProto) -> str:
        """Return what is added to the products of a layer: by itself, or by an Add behind it."""
        if node.op_type != "MatMul":
            return node.input[2] if len(node.input) > 2 else ""  # noqa: PLR2004 - weight and input
        takers = self._takers.get(node.output[0], [])
        if len(takers) != 1 or takers[0].op_type != "Add":
            return ""
        added = [name for name in takers[0].input if name in self._tensors]
        return added[0] if added and len(self._tensors[added[0]].dims) == 1 else ""

    def store(self, name: str, draw: Callable[[tuple[int, ...]], np.ndarray]) -> None:
        """Give an initializer other numbers, the first time that it is met."""
        if name in self._tensors and name not in self._drawn:
            self._drawn.add(name)
            values = draw(tuple(self._tensors[name].dims)).astype(np.float32)
            self._tensors[name].CopyFrom(numpy_helper.from_array(values, name))

    def uniform(self, bound: float) -> Callable[[tuple[int, ...]], np.ndarray]:
        """Draw between minus and plus this number."""
        return lambda shape: self.random.uniform(-bound, bound, shape)


def _convolution(drawing: _Drawing, node: NodeProto) -> None:
    if (found := drawing.weight(node)) is not None:
        name, inputs = found
        scale = math.sqrt(2 / inputs)
        drawing.store(name, lambda shape: drawing.random.normal(0, scale, shape))
        drawing.store(drawing.bias(node), np.zeros)


def _linear(drawing: _Drawing, node: NodeProto) -> None:
    if (found := drawing.weight(node)) is not None:
        name, inputs = found
        for part in (name, drawing.bias(node)):
            drawing.store(part, drawing.uniform(1 / math.sqrt(inputs)))


def _recurrent(drawing: _Drawing, node: NodeProto) -> None:
    for name in node.input[1:4]:
        drawing.store(name, drawing.uniform(1 / math.sqrt(flag(node, "hidden_size"))))


def _table(drawing: _Drawing, node: NodeProto) -> None:
    if (found := drawing.weight(node)) is not None:
        drawing.store(found[0], drawing.random.standard_normal)


def _norm(drawing: _Drawing, node: NodeProto) -> None:
    """Reset factor, summand and, of batch norms, mean and variance."""
    for name, draw in zip(node.input[1:], (np.ones, np.zeros, np.zeros, np.ones), strict=False):
        drawing.store(name, draw)


def _slope(drawing: _Drawing, node: NodeProto) -> None:
    drawing.store(node.input[1], lambda shape: np.full(shape, _SLOPE))


_WAYS: dict[str, Callable[[_Drawing, NodeProto], None]] = {
    "Conv": _convolution,
    **dict.fromkeys(("ConvTranspose", "Gemm", "MatMul"), _linear),
    **dict.fromkeys(RECURRENT, _recurrent),
    "Gather": _table,
    **dict.fromkeys(
        ("BatchNormalization", "GroupNormalization", "InstanceNormalization", "LayerNormalization"),
        _norm,
    ),
    "PRelu": _slope,
}
