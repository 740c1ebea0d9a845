"""What training works towards: an objective turns outputs and labels into one number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from boildown import DataError

from ..keras import tf, tf_keras

if TYPE_CHECKING:
    from collections.abc import Sequence

_SUM_TOLERANCE = 1e-3
_LEAST_CLASSES = 2
#: Of a softmax, so that its logarithm is finite: the smallest normal float32.
_LEAST_PROBABILITY = 1.1754944e-38


class Objective(Protocol):
    """The loss of a batch, to be made small."""

    @property
    def needs_labels(self) -> bool:
        """Whether the loss cannot be computed without labels."""
        ...

    def prepare(self, scores: Scores, inputs: Sequence[tf.Tensor]) -> None:
        """Make ready to train a model whose scores are read by `scores`, shown one batch."""
        ...

    def __call__(
        self, scores: tf.Tensor, inputs: Sequence[tf.Tensor], labels: tf.Tensor | None
    ) -> tf.Tensor:
        """Return the mean loss of a batch, a scalar, from class scores of shape (N, C)."""
        ...


class Scores:
    """Reads class scores (N, C) off a model's first output, scores or probabilities."""

    def __init__(self, model: tf_keras.Model, inputs: Sequence[tf.Tensor]) -> None:
        """Look at the output of one batch.

        Raises:
            DataError: The output is no score for each class, such as a map or a sequence.
        """
        output = first_output(model(inputs, training=False))
        shape = tuple(output.shape)
        wide = [length for length in shape[1:] if length != 1]
        if len(wide) != 1 or wide[0] is None or wide[0] < _LEAST_CLASSES:
            raise DataError(
                "classification needs an output of shape (samples, classes), and the model's first"
                f" output has shape {('samples', *shape[1:])}"
            )
        self.classes = int(wide[0])
        flat = tf.reshape(output, (-1, self.classes))
        sums = tf.abs(tf.reduce_sum(flat, 1) - 1)
        self._of_softmax = bool(tf.reduce_min(flat) >= 0) and bool(
            tf.reduce_all(sums < _SUM_TOLERANCE)
        )

    def __call__(self, output: tf.Tensor | list[tf.Tensor]) -> tf.Tensor:
        """Return the scores of a batch.

        Logarithms of probabilities are scores but for a constant of each sample, which neither
        cross entropy nor a softmax at any temperature feels.
        """
        flat = tf.reshape(first_output(output), (-1, self.classes))
        if not self._of_softmax:
            return flat
        return tf.math.log(tf.maximum(flat, _LEAST_PROBABILITY))


class CrossEntropy:
    """Cross entropy with the labels."""

    needs_labels = True

    def prepare(self, scores: Scores, inputs: Sequence[tf.Tensor]) -> None:
        """Need nothing beside the model."""

    def __call__(
        self,
        scores: tf.Tensor,
        inputs: Sequence[tf.Tensor],  # noqa: ARG002 - part of the protocol
        labels: tf.Tensor | None,
    ) -> tf.Tensor:
        """Return the mean over the batch."""
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=scores)
        return tf.reduce_mean(losses)


def first_output(output: tf.Tensor | list[tf.Tensor]) -> tf.Tensor:
    """Return what the objective judges: a model's only output, or the first of several."""
    return output[0] if isinstance(output, list | tuple) else output
