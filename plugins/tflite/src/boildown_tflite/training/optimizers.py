"""Optimizers by the recipe's names, with weight decay where it makes sense."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import MOMENTUM, WEIGHT_DECAY

from ..keras import tf, tf_keras

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boildown import Train

#: PyTorch's, so that a recipe means the same there.
_EPSILON = 1e-8


def make_optimizer(
    variables: Sequence[tf.Variable], settings: Train
) -> tf_keras.optimizers.Optimizer:
    """Return the optimizer that a recipe names; biases and norms (one axis) do not decay."""
    rate, decay = settings.learning_rate, WEIGHT_DECAY[settings.optimizer]
    match settings.optimizer:
        case "adamw":
            optimizer = tf_keras.optimizers.AdamW(rate, weight_decay=decay, epsilon=_EPSILON)
            optimizer.exclude_from_weight_decay(var_list=[v for v in variables if _is_vector(v)])
        case "adam":
            optimizer = tf_keras.optimizers.Adam(rate, epsilon=_EPSILON)
        case "sgd":
            optimizer = tf_keras.optimizers.SGD(rate, momentum=MOMENTUM, nesterov=True)
    optimizer.build(variables)
    return optimizer


def decayed(
    gradients: Sequence[tf.Tensor], variables: Sequence[tf.Variable], settings: Train
) -> list[tf.Tensor]:
    """Add the L2 term of SGD to the gradients; Keras knows only the decoupled decay."""
    if settings.optimizer != "sgd":
        return list(gradients)
    decay = WEIGHT_DECAY["sgd"]
    return [
        gradient if _is_vector(variable) else gradient + decay * variable
        for gradient, variable in zip(gradients, variables, strict=True)
    ]


def _is_vector(variable: tf.Variable) -> bool:
    return bool(variable.shape.rank <= 1)
