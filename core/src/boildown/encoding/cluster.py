"""The shared values that a cluster step asks for: a few for all weights, or for each channel.

The weights stay plain numbers. When the file is deployed, weights with few distinct values are
stored as packed indices into a table of those values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .kmeans import shared_values

if TYPE_CHECKING:
    from ..recipe.steps import Cluster


def cluster_weight(
    weight: np.ndarray, step: Cluster, axis: int, random: np.random.Generator
) -> np.ndarray:
    """Return the weight with at most `step.count` distinct values, in its shape and type.

    With granularity `channel` that many in each slice along `axis`, the output channels. With
    `keep_sparsity` zeros stay zeros, and zero is one of the values. `random` draws the first
    centres of `init` kmeans and random.
    """
    if step.granularity != "channel":
        return np.ascontiguousarray(_shared(weight, step, random))
    rows = np.stack([_shared(row, step, random) for row in np.moveaxis(weight, axis, 0)])
    return np.ascontiguousarray(np.moveaxis(rows, 0, axis))


def _shared(weight: np.ndarray, step: Cluster, random: np.random.Generator) -> np.ndarray:
    zero = weight == 0
    if not (step.keep_sparsity and zero.any()):
        return shared_values(weight, step.count, step.init, random)
    result = weight.copy()
    if not zero.all():
        # Zero is one of the values, so that the layer still has no more than was asked.
        result[~zero] = shared_values(weight[~zero], step.count - 1, step.init, random)
    return result
