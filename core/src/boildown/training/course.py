"""How far a training is: its rate, what it tells, and the error of one that comes to nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .fitted import DivergedError, Epoch, Fitted
from .held_out import Parts, batches_per_epoch
from .rates import learning_rate_at

if TYPE_CHECKING:
    from ..recipe.steps import Train

#: Called with what is done, all of it, and a text.
Progress = Callable[[int, int, str], None]


def tell_nobody(_done: int, _total: int, _text: str) -> None:
    """Take note of no progress."""


@dataclass(slots=True)
class Course:
    """The counters of one training; `step` counts optimizer steps over all epochs, from 0."""

    parts: Parts
    settings: Train
    progress: Progress
    step: int = 0
    _told: int = 0

    @property
    def batches(self) -> int:
        """Optimizer steps of an epoch."""
        return batches_per_epoch(self.parts.train, self.settings)

    @property
    def rate(self) -> float:
        """The learning rate of the step that comes next."""
        return learning_rate_at(self.step, self._steps, self.settings)

    def tell(self, epoch: int, loss: float) -> None:
        """Report one more batch, trained on or judged, of an epoch that is counted from 1."""
        held, size = self.parts.validation, self.settings.batch_size
        judging = -(-len(held.splits["train"]) // size) if held else 0
        self._told += 1
        text = f"epoch {epoch} of {self.settings.epochs}, loss {loss:.4f}"
        self.progress(self._told, self._steps + self.settings.epochs * judging, text)

    def ended(self, history: Sequence[Epoch], kept: int) -> Fitted:
        """Return what came of the training, whose weights are those of the epoch `kept`."""
        held = self.parts.validation
        return Fitted(
            history=tuple(history),
            kept=kept,
            steps=self.step,
            train_samples=len(self.parts.train.splits["train"]),
            validation_samples=len(held.splits["train"]) if held else 0,
        )

    def diverged(self, what: str, value: float, epoch: int) -> DivergedError:
        """Return the error that says what became `value` where, and what to do."""
        return DivergedError(
            f"{what} became {value} in epoch {epoch} of {self.settings.epochs}, at optimizer step"
            f" {self.step} of {self._steps}, with `learning_rate: {self.settings.learning_rate}`;"
            " give a lower one, or look for values in the data that are infinite or not normalised"
        )

    @property
    def _steps(self) -> int:
        return self.settings.epochs * self.batches
