"""Weights ranked over all layers: NNI's LevelPruner with a ranking of its own for scope `global`.

NNI pushes one weight after the other through a heap in Python; a selection finds the same bound.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from .toolkit import pruning

#: Layer → parameter → a number for each weight.
Numbers = dict[str, dict[str, Tensor]]


class GlobalLevelPruner(pruning.LevelPruner):  # type: ignore[misc] # NNI has no types
    """Masks the smallest weights of all its layers together; `sparse_ratio` is their share."""

    def _generate_sparsity(self, metrics: Numbers) -> Numbers:
        bound = least_kept([*_each(metrics)], self._ratio())
        return {
            layer: {name: (size >= bound).float() for name, size in targets.items()}
            for layer, targets in metrics.items()
        }

    def _ratio(self) -> float:
        spaces: list[Any] = [*_each(self._target_spaces)]
        (ratio,) = {space.sparse_ratio for space in spaces}
        return float(ratio)


def least_kept(sizes: list[Tensor], ratio: float) -> float:
    """Return the least of the numbers that stay where this share of all goes, 0 ≤ `ratio` < 1."""
    every = torch.cat([size.reshape(-1) for size in sizes]).numpy()
    gone = int(every.size * ratio)
    return float(np.partition(every, gone)[gone])


def _each(nested: dict[str, dict[str, Any]]) -> list[Any]:
    return [item for inner in nested.values() for item in inner.values()]
