"""One pass over the training samples, and one over those held out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from boildown import (
    Batch,
    Course,
    DataManifest,
    Epoch,
    batches,
)
from torch import Tensor, nn

from .feeding import Feed, first_output
from .objectives import Objective, logits

if TYPE_CHECKING:
    from .mode import Mode

#: Called with the number of the optimizer step, counted from 0.
StepHook = Callable[[int], None]


@dataclass(slots=True)
class Passes:
    """All that an epoch needs."""

    module: nn.Module
    course: Course
    seed: int
    epochs_before: int
    feed: Feed
    objective: Objective
    optimizer: torch.optim.Optimizer
    trained: list[nn.Parameter]
    after_backward: StepHook | None
    after_step: StepHook | None
    clip: float | None
    mode: Mode

    def epoch(self, number: int) -> Epoch:
        """Train for an epoch, counted from 1, then judge it where samples are held out.

        Raises:
            DivergedError: A loss or a weight is no finite number.
        """
        rate = self.course.rate
        loss = self._train(number)
        if not all(bool(torch.isfinite(parameter).all()) for parameter in self.trained):
            raise self.course.diverged("a weight", math.nan, number)
        if self.course.parts.validation is None:
            return Epoch(number, loss, rate)
        judged, top1 = self._validate(number, self.course.parts.validation)
        return Epoch(number, loss, rate, judged, top1)

    def _train(self, number: int) -> float:
        size, total, count = self.course.settings.batch_size, 0.0, 0
        self.mode.switch(training=True)
        reading = batches(
            self.course.parts.train,
            "train",
            size,
            seed=self.seed,
            epoch=self.epochs_before + number - 1,
            augment=self.course.settings.augment,
        )
        for _, batch in zip(range(self.course.batches), reading, strict=False):
            loss, rows = self._train_on(batch, number)
            total, count = total + loss * rows, count + rows
            self.course.tell(number, total / count)
        return total / count

    def _train_on(self, batch: Batch, number: int) -> tuple[float, int]:
        for group in self.optimizer.param_groups:
            group["lr"] = self.course.rate
        inputs, labels = self.feed.inputs(batch), self.feed.labels(batch)
        self.optimizer.zero_grad()
        loss = self.objective(first_output(self.module(*inputs)), inputs, labels)
        value = loss.item()
        if not math.isfinite(value):
            raise self.course.diverged("the loss", value, number)
        loss.backward()  # type: ignore[no-untyped-call]
        if self.after_backward:
            self.after_backward(self.course.step)
        if self.clip is not None:
            nn.utils.clip_grad_norm_(self.trained, self.clip)
        self.optimizer.step()
        if self.after_step:
            with torch.no_grad():
                self.after_step(self.course.step)
        self.course.step += 1
        return value, len(inputs[0])

    # Not inference_mode: observers of quantization keep what they see here, and could not be
    # trained with tensors that are for inference only.
    @torch.no_grad()
    def _validate(self, number: int, data: DataManifest) -> tuple[float, float | None]:
        total, right, count, labelled = 0.0, 0, 0, data.splits["train"].labelled
        self.mode.switch(training=False)
        for batch in batches(data, "train", self.course.settings.batch_size):
            inputs, labels = self.feed.inputs(batch), self.feed.labels(batch)
            output = first_output(self.module(*inputs))
            rows = len(inputs[0])
            total, count = (
                total + self.objective(output, inputs, labels).item() * rows,
                count + rows,
            )
            right += _right(output, labels)
            self.course.tell(number, total / count)
        if not math.isfinite(total):
            raise self.course.diverged("the loss on held-out samples", total, number)
        return total / count, right / count if labelled else None


def _right(output: Tensor, labels: Tensor | None) -> int:
    return 0 if labels is None else int((logits(output).argmax(1) == labels).sum())
