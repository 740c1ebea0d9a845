"""When a training stops early, and which of its epochs was the best."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .fitted import Epoch


class Patience:
    """Watches the loss on held-out samples, epoch by epoch."""

    def __init__(self, patience: int | None, settled_after: int = 0) -> None:
        """Stop after `patience` epochs without a smaller loss; None: never, and none is the best.

        No epoch that ends before optimizer step `settled_after` is kept or counts as without gain.
        """
        self._patience = patience
        self._settled_after = settled_after
        self._without_gain = 0
        self.best: Epoch | None = None

    def improves(self, epoch: Epoch, steps: int) -> bool:
        """Take note of an epoch that ended after `steps` steps; tell whether it is the best now."""
        loss = epoch.validation_loss
        if self._patience is None or loss is None or steps < self._settled_after:
            return False
        least = None if self.best is None else self.best.validation_loss
        if least is None or loss < least:
            self.best, self._without_gain = epoch, 0
            return True
        self._without_gain += 1
        return False

    @property
    def is_over(self) -> bool:
        """Whether the epoch noted last was one too many."""
        return self._patience is not None and self._without_gain >= self._patience
