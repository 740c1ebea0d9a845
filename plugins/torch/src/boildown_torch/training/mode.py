"""Training or evaluation: which of the two a module is in, and how it gets there."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

#: Switches a module to training (True) or evaluation.
SetTraining = Callable[[nn.Module, bool], None]


def set_training(module: nn.Module, training: bool) -> None:  # noqa: FBT001 - torch's own
    """Switch a plain module."""
    module.train(training)


class Mode:
    """Switches a module only where it has to: on exported ones that takes seconds."""

    def __init__(self, module: nn.Module, set_training: SetTraining) -> None:
        """Know nothing yet of the mode that the module is in."""
        self._module = module
        self._set_training = set_training
        self._training: bool | None = None

    def switch(self, *, training: bool) -> None:
        """Bring the module into training, or into evaluation."""
        if training != self._training:
            self._set_training(self._module, training)
            self._training = training
