"""Batch, layer, instance and group normalisation as layers of `torch.nn`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from boildown import trained_momentum
from torch import fx, nn

from .builder import Node, operator

if TYPE_CHECKING:
    import numpy as np

_BATCH = {2: nn.BatchNorm1d, 3: nn.BatchNorm1d, 4: nn.BatchNorm2d, 5: nn.BatchNorm3d}
_INSTANCE = {3: nn.InstanceNorm1d, 4: nn.InstanceNorm2d, 5: nn.InstanceNorm3d}


@operator("BatchNormalization")
def batch_normalization(node: Node) -> fx.Node:
    """Inference form in the file; in training mode the module uses and updates its statistics."""
    node.expect(training_mode=0)
    scale, bias, mean, variance = _constants(node, 5)
    kind = _BATCH.get(node.rank())
    if kind is None:
        node.refuse(f"an input of {node.rank()} axes")
    # ONNX weighs the old statistics, PyTorch the new ones.
    momentum = 1 - trained_momentum(node.attribute("momentum", 0.9))
    layer = kind(len(scale), eps=node.attribute("epsilon", 1e-5), momentum=momentum)
    _set(node, layer, weight=(1, scale), bias=(2, bias))
    layer.running_mean = torch.from_numpy(mean.copy())
    layer.running_var = torch.from_numpy(variance.copy())
    call = node.module(layer, node.tensor(0))
    _owned(node, call, weight=1, bias=2, running_mean=3, running_var=4)
    return call


@operator("LayerNormalization")
def layer_normalization(node: Node) -> fx.Node:
    """Over the last axes, from `axis` on."""
    node.expect(stash_type=1)
    axis, shape = node.attribute("axis", -1), node.shape()
    scale = node.constant(1, "its scale")
    bias = node.constant(2, "its bias")
    if scale is None or scale.shape != shape[axis:]:
        node.refuse("its scale does not have the shape of the normalised axes")
    layer = nn.LayerNorm(list(scale.shape), eps=node.attribute("epsilon", 1e-5))
    if bias is None:
        layer.register_parameter("bias", None)
        _set(node, layer, weight=(1, scale))
    else:
        _set(node, layer, weight=(1, scale), bias=(2, bias.reshape(scale.shape)))
    call = node.module(layer, node.tensor(0))
    _owned(node, call, weight=1, **({} if bias is None else {"bias": 2}))
    return call


@operator("InstanceNormalization")
def instance_normalization(node: Node) -> fx.Node:
    """Each channel of each sample alone."""
    scale, bias = _constants(node, 3)
    kind = _INSTANCE.get(node.rank())
    if kind is None:
        node.refuse(f"an input of {node.rank()} axes")
    layer = kind(len(scale), eps=node.attribute("epsilon", 1e-5), affine=True)
    _set(node, layer, weight=(1, scale), bias=(2, bias))
    call = node.module(layer, node.tensor(0))
    _owned(node, call, weight=1, bias=2)
    return call


@operator("GroupNormalization")
def group_normalization(node: Node) -> fx.Node:
    """With a scale for each channel; the form of opset 18 was withdrawn, and onnx refuses it."""
    node.expect(stash_type=1)
    scale, bias = _constants(node, 3)
    groups, epsilon = node.attribute("num_groups"), node.attribute("epsilon", 1e-5)
    layer = nn.GroupNorm(groups, len(scale), eps=epsilon)
    _set(node, layer, weight=(1, scale), bias=(2, bias))
    call = node.module(layer, node.tensor(0))
    _owned(node, call, weight=1, bias=2)
    return call


@operator("LRN")
def local_response(node: Node) -> fx.Node:
    """Across channels (Krizhevsky et al., 2012)."""
    size = node.attribute("size")
    if size % 2 == 0:
        node.refuse(f"size = {size} (only odd sizes are centred alike)")
    alpha, beta = node.attribute("alpha", 1e-4), node.attribute("beta", 0.75)
    return node.module(nn.LocalResponseNorm(size, alpha, beta, node.attribute("bias", 1.0)),
                       node.tensor(0))  # fmt: skip


def _constants(node: Node, count: int) -> list[np.ndarray]:
    found = [node.constant(index, f"its input {index}") for index in range(1, count)]
    return [values for values in found if values is not None]


def _set(node: Node, layer: Any, **values: tuple[int, np.ndarray]) -> None:  # noqa: ANN401
    for name, (index, array) in values.items():
        setattr(layer, name, node.builder.parameter(node.proto.input[index], array))


def _owned(node: Node, call: fx.Node, **places: int) -> None:
    for name, index in places.items():
        node.own(call, name, index)
