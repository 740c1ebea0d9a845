"""Which weights stay: those of the best epoch on held-out samples, and when to stop looking."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from torch import nn

    from .fitted import Epoch


class Keeper:
    """Remembers one set of weights, the best so far by validation loss."""

    def __init__(self, module: nn.Module, patience: int | None, settled_after: int) -> None:
        """Watch a module; without patience the last weights stay."""
        self._module = module
        self._patience = patience
        self._settled_after = settled_after
        self._best: Epoch | None = None
        self._weights: dict[str, torch.Tensor] = {}
        self._without_gain = 0

    def stops(self, epoch: Epoch, steps: int) -> bool:
        """Take note of an epoch that ended after `steps` steps; tell whether it was the last."""
        loss = epoch.validation_loss
        if self._patience is None or loss is None or steps < self._settled_after:
            return False
        best = None if self._best is None else self._best.validation_loss
        if best is None or loss < best:
            self._best, self._without_gain = epoch, 0
            # A plain dict of the same tensors would lose the versions that come with them, and
            # observers of quantization then replace values of theirs by those of old versions.
            self._weights = copy.deepcopy(self._module.state_dict())
            return False
        self._without_gain += 1
        return self._without_gain >= self._patience

    def put_back(self, last: int) -> int:
        """Restore the best weights; return the number of their epoch, `last` if none is better."""
        if self._best is None:
            return last
        self._module.load_state_dict(self._weights)
        return self._best.number
