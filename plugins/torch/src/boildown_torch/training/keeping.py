"""Which weights stay: those of the best epoch on held-out samples, or the last."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from boildown import Patience

if TYPE_CHECKING:
    import torch
    from boildown import Epoch
    from torch import nn


class Keeper:
    """Remembers one set of weights, the best so far by validation loss."""

    def __init__(self, module: nn.Module, patience: int | None, settled_after: int) -> None:
        """Watch a module; without patience the last weights stay."""
        self._module = module
        self._patience = Patience(patience, settled_after)
        self._weights: dict[str, torch.Tensor] = {}

    def stops(self, epoch: Epoch, steps: int) -> bool:
        """Take note of an epoch that ended after `steps` steps; tell whether it was the last."""
        if self._patience.improves(epoch, steps):
            # A plain dict of the same tensors would lose the versions that come with them, and
            # observers of quantization then replace values of theirs by those of old versions.
            self._weights = copy.deepcopy(self._module.state_dict())
        return self._patience.is_over

    def put_back(self, last: int) -> int:
        """Restore the best weights; return the number of their epoch, `last` if none is better."""
        if self._patience.best is None:
            return last
        self._module.load_state_dict(self._weights)
        return self._patience.best.number
