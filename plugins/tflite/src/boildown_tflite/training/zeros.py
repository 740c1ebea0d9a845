"""Zeros that an earlier step has made stay zeros while a network is trained further."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..keras import tf, tf_keras

if TYPE_CHECKING:
    from collections.abc import Callable


def keep_zeros(model: tf_keras.Model) -> Callable[[], None]:
    """Return what sets the weights that are 0 now to 0 again, to be called behind each update.

    Vectors (biases, batch norms) are left alone: their zeros are only where training begins. So are
    layers in wrappers: what these do with zeros is what the step asks of TF Model Optimization.
    """
    masks = [
        (variable, tf.cast(variable != 0, variable.dtype))
        for layer in model.layers
        if not isinstance(layer, tf_keras.layers.Wrapper)
        for variable in layer.trainable_variables
        if variable.shape.rank > 1 and bool(tf.reduce_any(tf.equal(variable, 0)))
    ]

    def put_back() -> None:
        for variable, mask in masks:
            variable.assign(variable * mask)

    return put_back
