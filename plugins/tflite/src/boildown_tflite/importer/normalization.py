"""Batch, layer, instance and group normalisation as Keras layers."""

from __future__ import annotations

import math
from typing import Any

from boildown import trained_momentum

from ..keras import tf, tf_keras
from .builder import Constant, Node, operator, same
from .layout import Laid, channels_last
from .operation import function

_L = tf_keras.layers


@operator("BatchNormalization")
def batch_normalization(node: Node) -> Laid:
    """Inference form in the file; in training the layer uses and updates its statistics."""
    node.expect(training_mode=0)
    scale, bias, mean, variance = (
        node.needed(index, f"its input {index}") for index in range(1, 5)
    )
    laid = node.image()
    if laid.rank == 1:
        node.refuse("an input of one axis")
    output = node.layer(
        _L.BatchNormalization,
        laid.tensor,
        momentum=trained_momentum(node.attribute("momentum", 0.9)),
        epsilon=node.attribute("epsilon", 1e-5),
    )
    node.set(
        output,
        gamma=(1, scale, same),
        beta=(2, bias, same),
        moving_mean=(3, mean, same),
        moving_variance=(4, variance, same),
    )
    return laid.giving(output)


@operator("LayerNormalization")
def layer_normalization(node: Node) -> Laid:
    """Over the last axes, from `axis` on."""
    node.expect(stash_type=1)
    laid = node.plain()
    axis = node.attribute("axis", -1) % laid.rank
    scale, bias = node.needed(1, "its scale"), node.constant(2, "its bias")
    if scale.shape != laid.shape[axis:] or (bias is not None and bias.shape != scale.shape):
        node.refuse("its scale does not have the shape of the normalised axes")
    output = node.layer(
        _L.LayerNormalization,
        laid.tensor,
        axis=list(range(axis, laid.rank)),
        epsilon=node.attribute("epsilon", 1e-5),
        center=bias is not None,
    )
    node.set(output, gamma=(1, scale, same))
    if bias is not None:
        node.set(output, beta=(2, bias, same))
    return laid.giving(output)


@operator("InstanceNormalization", "GroupNormalization")
def group_normalization(node: Node) -> Laid:
    """With a scale for each channel; instances are groups of one channel."""
    node.expect(stash_type=1)
    scale, bias = node.needed(1, "its scale"), node.needed(2, "its bias")
    laid = node.image()
    groups = len(scale) if node.op == "InstanceNormalization" else node.attribute("num_groups")
    parts = (Constant(values, node.proto.input[i], same) for i, values in ((1, scale), (2, bias)))
    epsilon = node.attribute("epsilon", 1e-5)
    return laid.giving(
        node.operate("normalized_groups", laid.tensor, *parts, groups=groups, epsilon=epsilon)
    )


@function
def normalized_groups(x: Any, scale: Any, bias: Any, groups: int, epsilon: float) -> Any:
    """Normalise groups of channels of each sample (Wu and He, 2018).

    Keras's own layer becomes a `.tflite` file that fails for batches other than the one built for.
    """
    lengths = [-1, *x.shape[1:]]
    parted = tf.reshape(x, [-1, math.prod(lengths[1:-1]), groups, lengths[-1] // groups])
    mean = tf.reduce_mean(parted, [1, 3], keepdims=True)
    variance = tf.reduce_mean(tf.math.squared_difference(parted, mean), [1, 3], keepdims=True)
    normed = (parted - mean) * tf.math.rsqrt(variance + epsilon)
    return tf.reshape(normed, lengths) * scale + bias


@function
def local_response(x: Any, radius: int, bias: float, alpha: float, beta: float) -> Any:
    """Divide by a power of the squares of the channels around."""
    return tf.nn.local_response_normalization(x, radius, bias, alpha, beta)


@operator("LRN")
def lrn(node: Node) -> Laid:
    """Across channels (Krizhevsky et al., 2012); ONNX divides alpha by the size."""
    size, laid = node.attribute("size"), node.image()
    if size % 2 == 0 or laid.order != channels_last(4):
        node.refuse(f"size = {size} (only odd sizes on images are centred alike)")
    output = node.operate(
        "local_response",
        laid.tensor,
        radius=size // 2,
        bias=node.attribute("bias", 1.0),
        alpha=node.attribute("alpha", 1e-4) / size,
        beta=node.attribute("beta", 0.75),
    )
    return laid.giving(output)
