"""How batches reach a Keras model: tensors in the order of its inputs, images NHWC."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from boildown import DataError

from ..keras import tf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boildown import Batch

_IMAGE_AXES = 4


class Feed:
    """Turns batches into tensors for one model."""

    def __init__(self, names: Sequence[str], classes: int | None) -> None:
        """Feed the inputs `names` in this order; labels must be below `classes` where given."""
        self._names = names
        self._classes = classes

    def inputs(self, batch: Batch) -> list[tf.Tensor]:
        """Return one tensor for each input of the model.

        Raises:
            DataError: The data have other inputs than the model.
        """
        given = batch.inputs
        names = ["*"] if [*given] == ["*"] and len(self._names) == 1 else list(self._names)
        if set(given) != set(names):
            raise DataError(
                f"the model has the inputs {list(self._names)}, the data give {list(given)}; name"
                " the data's arrays like the model's inputs"
            )
        return [tf.constant(as_nhwc(given[name])) for name in names]

    def labels(self, batch: Batch) -> tf.Tensor | None:
        """Return int64 labels of shape (N,), or None.

        Raises:
            DataError: A label is no class of the model; the worst is named.
        """
        if batch.labels is None:
            return None
        low, high = int(batch.labels.min()), int(batch.labels.max())
        if self._classes is not None and (low < 0 or high >= self._classes):
            raise DataError(
                f"a train sample has the label {low if low < 0 else high}, and the model tells"
                f" {self._classes} classes apart, 0 to {self._classes - 1}; give data of the"
                " model's own classes"
            )
        return tf.constant(batch.labels)


def as_nhwc(array: np.ndarray) -> np.ndarray:
    """Return an NCHW array as NHWC, any other as it is."""
    if array.ndim != _IMAGE_AXES:
        return array
    return np.ascontiguousarray(array.transpose(0, 2, 3, 1))
