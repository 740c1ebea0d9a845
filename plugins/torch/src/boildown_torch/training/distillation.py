"""Distilling: a student learns the outputs of a teacher, and where asked its inner maps.

Soft targets: Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015.
Hints: Romero and others, "FitNets", 2014; here both losses are trained together, in one stage.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from boildown import DataError, Distill
from torch import Tensor, nn

from .feeding import first_output, laid_out, layout_among
from .hints import Hints
from .objectives import check_labels, logits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Distillation:
    """`alpha` × soft targets + (1 - `alpha`) × cross entropy with the labels, + hints.

    The soft part is T² × KL(softmax(teacher/T), softmax(student/T)), so that its gradients keep
    their size at any temperature T. A hint is the squared distance between maps of equally named
    layers, as a share of the teacher's mean square, averaged over the layers.
    """

    def __init__(self, teacher: nn.Module, step: Distill) -> None:
        """Learn from `teacher`; it runs in evaluation mode without gradients, unchanged.

        It takes the student's inputs. An exported teacher has to be in evaluation mode already.
        """
        self._teacher = teacher
        self._temperature = step.temperature
        self._alpha = step.alpha
        self._wants_hints = step.hints
        self._hints: Hints | None = None

    @property
    def needs_labels(self) -> bool:
        """Whether the labels have a share in the loss."""
        return self._alpha < 1

    @contextmanager
    def attached(
        self, module: nn.Module, inputs: tuple[Tensor, ...]
    ) -> Iterator[Iterable[nn.Parameter]]:
        """Look at both networks with one batch; yield the adapters of hints.

        Raises:
            DataError: Teacher and student give outputs of different shapes.
            UnsupportedError: Hints are wanted, and no layers of equal name have maps of one size.
        """
        was_training = [part for part in self._teacher.modules() if part.training]
        if was_training:
            self._teacher.eval()
        try:
            with laid_out(self._teacher, layout_among(inputs)):
                self._compare(module, inputs)
                if self._wants_hints:
                    self._hints = Hints(module, self._teacher, inputs)
                yield self._hints.parameters() if self._hints else ()
        finally:
            if self._hints:
                self._hints.detach()
            self._hints = None
            for part in was_training:
                part.training = True

    def __call__(self, output: Tensor, inputs: tuple[Tensor, ...], labels: Tensor | None) -> Tensor:
        """Return the mean loss of a batch; the student has just run on `inputs`."""
        student = logits(output)
        with torch.no_grad():
            teacher = logits(first_output(self._teacher(*inputs)))
        loss = self._alpha * self._soft(student, teacher)
        if self._alpha < 1:
            if labels is None:
                raise DataError("`alpha` below 1 needs labels, and the train samples have none")
            check_labels(student, labels)
            loss = loss + (1 - self._alpha) * nn.functional.cross_entropy(student, labels)
        return loss if self._hints is None else loss + self._hints.loss()

    def _soft(self, student: Tensor, teacher: Tensor) -> Tensor:
        heat = self._temperature
        divergence = nn.functional.kl_div(
            torch.log_softmax(student / heat, 1),
            torch.log_softmax(teacher / heat, 1),
            reduction="batchmean",
            log_target=True,
        )
        return divergence * heat**2

    def _compare(self, module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        shapes = [logits(first_output(net(*inputs))).shape for net in (module, self._teacher)]
        if shapes[0] != shapes[1]:
            raise DataError(
                f"the student tells {shapes[0][1]} classes apart and the teacher {shapes[1][1]}; "
                "distilling needs the same classes in both"
            )
