"""What training works towards: an objective turns outputs and labels into one number.

`Distillation` is another objective, in a file of its own; plugins may bring theirs.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

import torch
from boildown import DataError
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Iterable

_SUM_TOLERANCE = 1e-3
_LEAST_AXES = _LEAST_CLASSES = 2


class Objective(Protocol):
    """The loss of a batch, to be made small."""

    @property
    def needs_labels(self) -> bool:
        """Whether the loss cannot be computed without labels."""
        ...

    def attached(
        self, module: nn.Module, inputs: tuple[Tensor, ...]
    ) -> AbstractContextManager[Iterable[nn.Parameter]]:
        """Make ready to train `module`, shown one batch; yield what has to be trained as well.

        `fit` enters it once, after seeding, in evaluation mode and without gradients.
        """
        ...

    def __call__(self, output: Tensor, inputs: tuple[Tensor, ...], labels: Tensor | None) -> Tensor:
        """Return the mean loss of a batch, a scalar, from the module's first output."""
        ...


class CrossEntropy:
    """Cross entropy with the labels, from scores (N, C) or probabilities of shape (N, C)."""

    needs_labels = True

    def attached(
        self,
        module: nn.Module,  # noqa: ARG002 - part of the protocol
        inputs: tuple[Tensor, ...],  # noqa: ARG002
    ) -> AbstractContextManager[Iterable[nn.Parameter]]:
        """Need nothing beside the module."""
        return nullcontext(())

    def __call__(
        self,
        output: Tensor,
        inputs: tuple[Tensor, ...],  # noqa: ARG002 - part of the protocol
        labels: Tensor | None,
    ) -> Tensor:
        """Return the mean over the batch; DataError where a label is no class of the model."""
        scores = logits(output)
        if labels is None:
            raise DataError("cross entropy needs labels, and the train samples have none")
        check_labels(scores, labels)
        return nn.functional.cross_entropy(scores, labels)


def logits(output: Tensor) -> Tensor:
    """Return class scores (N, C), whether a model ends in them or in their softmax.

    Logarithms of probabilities are scores but for a constant of each sample, which neither cross
    entropy nor a softmax at any temperature feels.

    Raises:
        DataError: The output is no score for each class, such as a map or a sequence.
    """
    shape = tuple(output.shape)
    if len(shape) < _LEAST_AXES or shape[1] < _LEAST_CLASSES or any(n != 1 for n in shape[2:]):
        raise DataError(
            f"classification needs an output of shape (samples, classes), and the model's first "
            f"output has shape {('samples', *shape[1:])}"
        )
    scores = output.flatten(1)
    seen = scores.detach()
    if seen.min() >= 0 and bool(((seen.sum(1) - 1).abs() < _SUM_TOLERANCE).all()):
        return torch.log(scores.clamp_min(torch.finfo(scores.dtype).tiny))
    return scores


def check_labels(scores: Tensor, labels: Tensor) -> None:
    """Refuse labels that are no class of the model, naming the worst.

    Raises:
        DataError: A label is below 0 or not below the number of classes.
    """
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= scores.shape[1]:
        wrong = low if low < 0 else high
        raise DataError(
            f"a train sample has the label {wrong}, and the model tells {scores.shape[1]} classes "
            f"apart, 0 to {scores.shape[1] - 1}; give data of the model's own classes"
        )
