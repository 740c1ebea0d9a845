"""Soft targets: a student learns what a teacher says of each sample.

Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network", 2015.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import DataError

from ..keras import tf, tf_keras
from .objectives import Scores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boildown import Distill


class Distillation:
    """`alpha` × soft targets + (1 - `alpha`) × cross entropy with the labels.

    The soft part is T² × KL(softmax(teacher/T), softmax(student/T)), so that its gradients keep
    their size at any temperature T.
    """

    def __init__(self, teacher: tf_keras.Model, step: Distill) -> None:
        """Learn from `teacher`, which takes the student's inputs and is left as it is."""
        self._teacher = teacher
        self._heat = step.temperature
        self._alpha = step.alpha
        self._read: Scores | None = None

    @property
    def needs_labels(self) -> bool:
        """Whether the labels have a share in the loss."""
        return self._alpha < 1

    def prepare(self, scores: Scores, inputs: Sequence[tf.Tensor]) -> None:
        """Look at both networks with one batch.

        Raises:
            DataError: Teacher and student tell different numbers of classes apart.
        """
        self._read = Scores(self._teacher, inputs)
        if scores.classes != self._read.classes:
            raise DataError(
                f"the student tells {scores.classes} classes apart and the teacher"
                f" {self._read.classes}; distilling needs the same classes in both"
            )

    def __call__(
        self, scores: tf.Tensor, inputs: Sequence[tf.Tensor], labels: tf.Tensor | None
    ) -> tf.Tensor:
        """Return the mean loss of a batch."""
        assert self._read is not None  # noqa: S101 - `fit` prepares first
        taught = self._read(self._teacher(inputs, training=False))
        wanted = tf.nn.log_softmax(tf.stop_gradient(taught) / self._heat)
        found = tf.nn.log_softmax(scores / self._heat)
        divergence = tf.reduce_sum(tf.exp(wanted) * (wanted - found), 1)
        loss = self._alpha * self._heat**2 * tf.reduce_mean(divergence)
        if self._alpha < 1:
            hard = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=scores)
            loss += (1 - self._alpha) * tf.reduce_mean(hard)
        return loss
