"""One pass over the training samples, and one over those held out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from boildown import (
    Course,
    DataManifest,
    Epoch,
    batches,
)

from ..keras import tf, tf_keras
from .optimizers import decayed

if TYPE_CHECKING:
    from collections.abc import Callable

    from .feeding import Feed
    from .objectives import Objective, Scores


@dataclass(slots=True)
class Passes:
    """All that an epoch needs."""

    model: tf_keras.Model
    course: Course
    seed: int
    feed: Feed
    scores: Scores
    objective: Objective
    optimizer: tf_keras.optimizers.Optimizer
    after_step: Callable[[], None] | None
    callbacks: tuple[tf_keras.callbacks.Callback, ...]
    _train_on: Callable[..., tf.Tensor] = field(init=False)
    _judge: Callable[..., tuple[tf.Tensor, tf.Tensor]] = field(init=False)

    def __post_init__(self) -> None:
        """Trace both computations once, for batches of any size."""
        self._train_on = tf.function(self._updated, reduce_retracing=True)
        self._judge = tf.function(self._judged, reduce_retracing=True)

    def begin(self) -> None:
        """Tell the callbacks that training begins."""
        for callback in self.callbacks:
            callback.set_model(self.model)
            callback.on_train_begin()

    def epoch(self, number: int) -> Epoch:
        """Train for an epoch, counted from 1, then judge it where samples are held out.

        Raises:
            DivergedError: A loss or a weight is no finite number.
        """
        rate = self.course.rate
        loss = self._pass(number)
        for callback in self.callbacks:
            callback.on_epoch_end(number - 1)
        if not all(np.isfinite(v.numpy()).all() for v in self.model.trainable_variables):
            raise self.course.diverged("a weight", math.nan, number)
        if self.course.parts.validation is None:
            return Epoch(number, loss, rate)
        judged, top1 = self._validate(number, self.course.parts.validation)
        return Epoch(number, loss, rate, judged, top1)

    def _pass(self, number: int) -> float:
        total, count = 0.0, 0
        reading = batches(
            self.course.parts.train,
            "train",
            self.course.settings.batch_size,
            seed=self.seed,
            epoch=number - 1,
            augment=self.course.settings.augment,
        )
        for _, batch in zip(range(self.course.batches), reading, strict=False):
            for callback in self.callbacks:
                callback.on_train_batch_begin(self.course.step)
            self.optimizer.learning_rate.assign(self.course.rate)
            inputs, labels = self.feed.inputs(batch), self.feed.labels(batch)
            loss, rows = float(self._train_on(inputs, labels)), len(inputs[0])
            if not math.isfinite(loss):
                raise self.course.diverged("the loss", loss, number)
            self.course.step += 1
            total, count = total + loss * rows, count + rows
            self.course.tell(number, total / count)
        return total / count

    def _updated(self, inputs: list[tf.Tensor], labels: tf.Tensor | None) -> tf.Tensor:
        variables = self.model.trainable_variables
        with tf.GradientTape() as tape:
            scores = self.scores(self.model(inputs, training=True))
            loss = self.objective(scores, inputs, labels)
        found = zip(tape.gradient(loss, variables), variables, strict=True)
        pairs = [(gradient, variable) for gradient, variable in found if gradient is not None]
        gradients, reached = (list(part) for part in zip(*pairs, strict=True))
        moved = decayed(gradients, reached, self.course.settings)
        self.optimizer.apply_gradients(zip(moved, reached, strict=True))
        if self.after_step:
            self.after_step()
        return loss

    def _judged(
        self, inputs: list[tf.Tensor], labels: tf.Tensor | None
    ) -> tuple[tf.Tensor, tf.Tensor]:
        scores = self.scores(self.model(inputs, training=False))
        right = tf.constant(0, tf.int64)
        if labels is not None:
            right = tf.math.count_nonzero(tf.equal(tf.argmax(scores, 1), labels))
        return self.objective(scores, inputs, labels), right

    def _validate(self, number: int, data: DataManifest) -> tuple[float, float | None]:
        total, right, count = 0.0, 0, 0
        for batch in batches(data, "train", self.course.settings.batch_size):
            inputs, labels = self.feed.inputs(batch), self.feed.labels(batch)
            loss, hits = self._judge(inputs, labels)
            rows = len(inputs[0])
            total, count, right = total + float(loss) * rows, count + rows, right + int(hits)
            self.course.tell(number, total / count)
        if not math.isfinite(total):
            raise self.course.diverged("the loss on held-out samples", total, number)
        return total / count, right / count if data.splits["train"].labelled else None
