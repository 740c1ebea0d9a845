"""Removed channels: layers get narrower where they were asked to, and nowhere else."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..model.layers import Layer
    from ..model.state import LayerState
    from ..recipe.steps import Prune

_ROUNDING = 0.02


def missing_removal(
    step: Prune, layers: Sequence[Layer], after: Mapping[str, LayerState]
) -> list[str]:
    """Return where fewer or more output channels are gone than a step asked for.

    A layer whose channels are the network's outputs keeps them all, and so may one that it is
    added to. Of the layers that lost some, each has lost its share (scope local), give or take
    one channel.
    """
    wanted = step.sparsity or 0.0
    shares = {layer.name: 1 - _channels(layer, after) / layer.shape[layer.axis] for layer in layers}
    if not any(shares.values()):
        possible = any(math.floor(wanted * layer.shape[layer.axis]) for layer in layers)
        return ["no layer has lost an output channel"] if possible else []
    found = [
        f"layer {layer.name!r} has {_channels(layer, after)} output channels; the source has"
        f" {layer.shape[layer.axis]}"
        for layer in layers
        if shares[layer.name] < 0
    ]
    if step.scope == "local":
        found += [
            f"layer {layer.name!r} has lost {shares[layer.name]:.1%} of its output channels;"
            f" {wanted:.1%} was asked for of each layer (scope local)"
            for layer in layers
            if shares[layer.name] > 0
            and abs(shares[layer.name] - wanted) > _ROUNDING + 1 / layer.shape[layer.axis]
        ]
    return found


def changed_elsewhere(layers: Sequence[Layer], after: Mapping[str, LayerState]) -> list[str]:
    """Return, of layers that a step must leave alone, those whose output channels are others.

    They may have fewer inputs: what the step has removed feeds them no more.
    """
    return [
        f"layer {layer.name!r} has {_channels(layer, after)} output channels instead of"
        f" {layer.shape[layer.axis]}, although the step is limited to another"
        for layer in layers
        if _channels(layer, after) != layer.shape[layer.axis]
    ]


def _channels(layer: Layer, after: Mapping[str, LayerState]) -> int:
    return after[layer.name].shape[layer.axis]
