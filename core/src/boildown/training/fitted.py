"""What came of a training, as plain data, and the error of one that came to nothing."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import BoildownError


class DivergedError(BoildownError):
    """The loss or a weight became infinite or not a number while training."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training samples; losses are means over samples."""

    #: Counted from 1.
    number: int
    loss: float
    #: Of the first step of the epoch.
    learning_rate: float
    #: On the held-out part of train; None without `patience`.
    validation_loss: float | None = None
    #: Fraction of held-out samples; None without `patience` or labels.
    validation_top1: float | None = None


@dataclass(frozen=True, slots=True)
class Fitted:
    """How a module was trained; its weights are those of the epoch `kept`."""

    history: tuple[Epoch, ...]
    kept: int
    #: Optimizer steps, all epochs together.
    steps: int
    train_samples: int
    validation_samples: int

    @property
    def epochs(self) -> int:
        """How many epochs ran; fewer than asked for where training stopped early."""
        return len(self.history)

    @property
    def best(self) -> Epoch:
        """The epoch whose weights were kept."""
        return self.history[self.kept - 1]
