"""Score weights by what a recipe calls the criterion; high scores stay.

Of single weights `magnitude` and `l2` give the same order. `taylor` and `movement` are scores of
single weights that training gives; a filter has their mean.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .keeping import keep_elements, keep_filters, keep_n_of_m, rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from boildown import Layer, Prune


@dataclass(frozen=True, slots=True)
class Evidence:
    """What scores are made of beside the weights, by the layer's weight."""

    seed: int
    #: Of single weights: first-order effect on the loss, or movement.
    learned: Mapping[str, Tensor] = field(default_factory=dict)
    #: Absolute factor of the batch norm behind the layer, one a filter.
    norms: Mapping[str, Tensor] = field(default_factory=dict)


def kept(
    layers: Sequence[Layer],
    weights: Sequence[Tensor],
    step: Prune,
    sparsity: float,
    evidence: Evidence,
) -> list[Tensor]:
    """Return which weights stay (True), in the shapes of `weights`, which are as ONNX has them.

    `sparsity` counts instead of that of the step, which may grow towards it.
    """
    if step.threshold is not None:
        return [weight.abs() >= step.threshold for weight in weights]
    # Drawn anew at each call, so that a sparsity that grows goes on with the same lots.
    lots = torch.Generator().manual_seed(evidence.seed)
    filters = step.structure == "filter"
    scores = [
        _of_filters(layer, weight, step, evidence, lots)
        if filters
        else _of_elements(layer, weight, step, evidence, lots)
        for layer, weight in zip(layers, weights, strict=True)
    ]
    together = step.scope == "global"
    if step.pattern is not None:
        return keep_n_of_m(scores, weights, layers, step.pattern)
    if filters:
        return keep_filters(scores, weights, layers, sparsity, together=together)
    return keep_elements(scores, weights, sparsity, together=together)


def _of_elements(
    layer: Layer, weight: Tensor, step: Prune, evidence: Evidence, lots: torch.Generator
) -> Tensor:
    match step.criterion:
        case "random":
            return torch.rand(weight.shape, generator=lots)
        case "taylor" | "movement":
            return evidence.learned[layer.weight]
        case _:
            return weight.abs()


def _of_filters(
    layer: Layer, weight: Tensor, step: Prune, evidence: Evidence, lots: torch.Generator
) -> Tensor:
    rows = rows_of(weight, layer).float()
    match step.criterion:
        case "random":
            return torch.rand(len(rows), generator=lots)
        case "l2":
            return rows.square().mean(1).sqrt()
        case "fpgm":  # distance to the others, per weight, so that layers can be compared
            return torch.cdist(rows, rows).mean(1) / math.sqrt(rows.shape[1])
        case "slim":
            return evidence.norms[layer.weight]
        case "taylor" | "movement":
            return rows_of(evidence.learned[layer.weight], layer).mean(1)
        case _:
            return rows.abs().mean(1)
