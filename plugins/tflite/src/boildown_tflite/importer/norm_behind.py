"""A batch norm that changes nothing, between a layer and its activation.

TF Model Optimization rounds no weights of a layer that an activation follows directly, and its
collaborative schemes do not protect them; with a batch norm in between it does both. TensorFlow
Lite's converter folds it away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..keras import tf_keras

if TYPE_CHECKING:
    from .builder import Node

_ACTIVATIONS = {"Relu", "Clip", "LeakyRelu", "PRelu", "Sigmoid", "Tanh", "HardSwish", "HardSigmoid"}
#: A power of two, so that 1 - epsilon + epsilon is 1 in float32.
_EPSILON = 2.0**-10


def norm_behind(node: Node, output: Any) -> Any:
    """Return what a node gives, through a batch norm where the importer was asked for it."""
    if not (node.builder.batch_norms_after and _activation_follows(node)):
        return output
    layer = tf_keras.layers.BatchNormalization(
        epsilon=_EPSILON, trainable=False, name=node.builder.free(f"{node.name}_unchanged")
    )
    normed = layer(output)
    layer.moving_variance.assign(np.full(layer.moving_variance.shape, 1 - _EPSILON, np.float32))
    return normed


def _activation_follows(node: Node) -> bool:
    users = node.builder.users(node.proto.output[0])
    alone = len(users) == 1 and not node.builder.is_output(node.proto.output[0])
    return alone and users[0].op_type in _ACTIVATIONS
