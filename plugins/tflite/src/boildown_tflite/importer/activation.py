"""Activations: Keras's layers where there are any, else functions that TFLite has kernels for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..keras import tf, tf_keras
from .builder import Node, operator
from .operation import function

if TYPE_CHECKING:
    from .layout import Laid

_L = tf_keras.layers
#: Axis that a softmax runs along, before opset 13 the first of those that it takes together.
_AXIS_ALONE = 13


@function
def clipped(x: Any, low: float | None, high: float | None) -> Any:
    """Keep within bounds."""
    x = x if low is None else tf.maximum(x, tf.cast(low, x.dtype))
    return x if high is None else tf.minimum(x, tf.cast(high, x.dtype))


@function
def hard_sigmoid(x: Any, alpha: float, beta: float) -> Any:
    """Return max(0, min(1, alpha · x + beta)), at MobileNetV3's slope of 1/6 by a ReLU6."""
    if np.isclose(alpha, 1 / 6, atol=1e-7) and beta == 0.5:  # noqa: PLR2004
        return tf.nn.relu6(x + 3.0) * (1 / 6)
    return tf.minimum(tf.nn.relu(x * alpha + beta), 1.0)


@function
def hard_swish(x: Any) -> Any:
    """Return x · relu6(x + 3) / 6, the pattern that becomes TFLite's HARD_SWISH."""
    return x * tf.nn.relu6(x + 3.0) * (1 / 6)


@function
def gelu(x: Any, approximate: bool) -> Any:
    """Exact, or approximated by tanh."""
    return tf.nn.gelu(x, approximate=approximate)


@function
def softplus(x: Any) -> Any:
    """Return log(1 + exp(x)), without overflow as TFLite computes it."""
    return tf.nn.relu(x) + tf.math.log(1.0 + tf.exp(-tf.abs(x)))


@function
def softsign(x: Any) -> Any:
    """Return x / (1 + |x|)."""
    return x / (1.0 + tf.abs(x))


@function
def mish(x: Any) -> Any:
    """Return x · tanh(softplus(x))."""
    return x * tf.tanh(softplus(x))


@function
def thresholded(x: Any, alpha: float) -> Any:
    """0 up to `alpha`."""
    return tf.where(x > alpha, x, tf.zeros_like(x))


@function
def exponential_unit(x: Any, alpha: float, gamma: float, inner: float) -> Any:
    """Gamma · x above 0, gamma · alpha · (exp(x / inner) - 1) below."""
    below = alpha * (tf.exp(tf.minimum(x, 0.0) / inner) - 1.0)
    return gamma * (tf.nn.relu(x) + below)


@function
def log_softmax(x: Any, axis: int) -> Any:
    """Logarithm of the softmax."""
    return tf.nn.log_softmax(x, axis)


@function
def softmax_over_rest(x: Any, axis: int, logarithm: bool) -> Any:
    """Take all axes from `axis` on together, as operators before opset 13 do."""
    shape = tf.shape(x)
    flat = tf.reshape(x, tf.concat([shape[:axis], [-1]], 0))
    return tf.reshape(tf.nn.log_softmax(flat) if logarithm else tf.nn.softmax(flat), shape)


_PLAIN = {
    "HardSwish": "hard_swish", "Softplus": "softplus", "Softsign": "softsign", "Mish": "mish",
}  # fmt: skip


@operator(*_PLAIN)
def plain(node: Node) -> Laid:
    """Activations without settings."""
    return node.laid(0).giving(node.operate(_PLAIN[node.op], node.laid(0).tensor))


@operator("Relu")
def relu(node: Node) -> Laid:
    """A layer, which quantizers look for."""
    return node.laid(0).giving(node.layer(_L.ReLU, node.laid(0).tensor))


@operator("Sigmoid", "Tanh")
def by_name(node: Node) -> Laid:
    """Keras has the same names."""
    laid = node.laid(0)
    return laid.giving(node.layer(_L.Activation, laid.tensor, node.op.lower()))


@operator("LeakyRelu")
def leaky_relu(node: Node) -> Laid:
    """Slope `alpha` below 0."""
    laid = node.laid(0)
    return laid.giving(node.layer(_L.LeakyReLU, laid.tensor, node.attribute("alpha", 0.01)))


@operator("Elu")
def elu(node: Node) -> Laid:
    """Alpha · (exp(x) - 1) below 0."""
    laid = node.laid(0)
    return laid.giving(node.layer(_L.ELU, laid.tensor, node.attribute("alpha", 1.0)))


@operator("Celu", "Selu")
def units(node: Node) -> Laid:
    """Kin of ELU: with a continuous slope, and the self-normalising one."""
    alpha, gamma = node.attribute("alpha", 1.0), 1.0
    inner = alpha if node.op == "Celu" else 1.0
    if node.op == "Selu":
        # The two constants of Klambauer et al. (2017), as ONNX gives them.
        alpha, gamma = node.attribute("alpha", 1.67326319217681884765625), node.attribute(
            "gamma", 1.05070102214813232421875)  # fmt: skip
    laid = node.laid(0)
    output = node.operate("exponential_unit", laid.tensor, alpha=alpha, gamma=gamma, inner=inner)
    return laid.giving(output)


@operator("ThresholdedRelu")
def thresholded_relu(node: Node) -> Laid:
    """0 up to `alpha`."""
    laid = node.laid(0)
    return laid.giving(node.operate("thresholded", laid.tensor, alpha=node.attribute("alpha", 1.0)))


@operator("PRelu")
def prelu(node: Node) -> Laid:
    """Slopes are shared along axes on which they have length 1."""
    slope = node.needed(1, "its slope")
    laid = node.laid(0) if node.laid(0).order[0] == 0 else node.plain()
    if slope.ndim > laid.rank or laid.rank == 1:
        node.refuse(f"its slope has shape {slope.shape}")
    lengths = (1,) * (laid.rank - slope.ndim) + slope.shape
    if lengths[0] != 1:
        node.refuse("a slope for each sample")
    turned = slope.reshape(lengths).transpose(laid.order)[0]
    shared = [axis + 1 for axis, length in enumerate(turned.shape) if length == 1]
    output = node.layer(_L.PReLU, laid.tensor, shared_axes=shared)
    node.set(output, alpha=(1, turned, _Slope(laid.order, slope.shape)))
    return laid.giving(output)


class _Slope:
    """Put the axes of a slope back, from the order that they have in memory."""

    def __init__(self, order: tuple[int, ...], shape: tuple[int, ...]) -> None:
        self.order, self.shape = order, shape

    def __call__(self, values: np.ndarray) -> np.ndarray:
        return values[None].transpose(np.argsort(self.order)).reshape(self.shape)


@operator("Gelu")
def gelu_of(node: Node) -> Laid:
    """Exact, or approximated by tanh."""
    laid = node.laid(0)
    approximate = node.attribute("approximate", "none") == "tanh"
    return laid.giving(node.operate("gelu", laid.tensor, approximate=approximate))


@operator("HardSigmoid")
def hardsigmoid(node: Node) -> Laid:
    """Slope and middle are attributes."""
    laid = node.laid(0)
    alpha, beta = node.attribute("alpha", 0.2), node.attribute("beta", 0.5)
    return laid.giving(node.operate("hard_sigmoid", laid.tensor, alpha=alpha, beta=beta))


@operator("Clip")
def clip(node: Node) -> Laid:
    """Bounds are attributes before opset 11, inputs since; from 0 on it is a ReLU."""
    low, high = node.attribute("min"), node.attribute("max")
    if len(node.proto.input) > 1:
        bounds = [node.constant(index, "a bound") for index in (1, 2)]
        low, high = (None if bound is None else bound.item() for bound in bounds)
    laid = node.laid(0)
    if low is None and high is None:
        return laid
    if low == 0 and (high is None or high > 0) and laid.tensor.dtype == tf.float32:
        return laid.giving(node.layer(_L.ReLU, laid.tensor, max_value=high))
    return laid.giving(node.operate("clipped", laid.tensor, low=low, high=high))


@operator("Softmax", "LogSoftmax")
def softmax(node: Node) -> Laid:
    """Before opset 13 all axes from `axis` on are taken together."""
    old = node.builder.opset < _AXIS_ALONE
    laid, logarithm = node.laid(0), node.op == "LogSoftmax"
    axis = node.attribute("axis", 1 if old else -1) % laid.rank
    if old and axis != laid.rank - 1:
        laid = node.plain()
        output = node.operate("softmax_over_rest", laid.tensor, axis=axis, logarithm=logarithm)
        return laid.giving(output)
    place = laid.at(axis)
    # TFLite's kernels run along the last axis in memory.
    place = -1 if place == laid.rank - 1 else place
    if logarithm:
        return laid.giving(node.operate("log_softmax", laid.tensor, axis=place))
    return laid.giving(node.layer(_L.Softmax, laid.tensor, axis=place))


@operator("Dropout")
def dropout(node: Node) -> Laid:
    """Nothing at inference; training from a file does not bring it back."""
    training = node.constant(2, "training_mode")
    if training is not None and bool(np.any(training)):
        node.refuse("training_mode is on")
    return node.laid(0)
