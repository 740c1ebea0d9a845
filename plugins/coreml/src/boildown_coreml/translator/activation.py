"""Activation functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import TensorProto

from .builder import operator

if TYPE_CHECKING:
    from .builder import Op

_PLAIN = {
    "relu": "Relu",
    "sigmoid": "Sigmoid",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "tanh": "Tanh",
}
#: x × sigmoid(1.702 x), Hendrycks and Gimpel, Gaussian Error Linear Units, 2016.
_GELU_SLOPE = 1.702


@operator(*_PLAIN)
def _plain(op: Op) -> str:
    return op.emit(_PLAIN[op.mil.op_type], op.tensor())


@operator("relu6")
def _relu6(op: Op) -> str:
    return op.emit("Clip", op.tensor(), op.number(0), op.number(6))


@operator("leaky_relu", "elu")
def _sloped(op: Op) -> str:
    default, kind = {"leaky_relu": (0.01, "LeakyRelu"), "elu": (1.0, "Elu")}[op.mil.op_type]
    return op.emit(kind, op.tensor(), alpha=float(op.value("alpha", default)))


@operator("clamped_relu")
def _clamped_relu(op: Op) -> str:
    leaky = op.emit("LeakyRelu", op.tensor(), alpha=float(op.value("alpha")))
    return op.emit("Min", leaky, op.number(op.value("beta")))


@operator("thresholded_relu")
def _thresholded_relu(op: Op) -> str:
    """ONNX's own operator drops the threshold itself, Core ML keeps it."""
    reached = op.emit("GreaterOrEqual", op.tensor(), op.number(op.value("alpha", 1.0)))
    return op.emit("Mul", op.tensor(), op.emit("Cast", reached, to=TensorProto.FLOAT))


@operator("linear_activation")
def _linear_activation(op: Op) -> str:
    scaled = op.emit("Mul", op.tensor(), op.number(op.value("alpha")))
    return op.emit("Add", scaled, op.number(op.value("beta", 0.0)))


@operator("scaled_tanh")
def _scaled_tanh(op: Op) -> str:
    inner = op.emit("Mul", op.tensor(), op.number(op.value("beta", 1.0)))
    return op.emit("Mul", op.emit("Tanh", inner), op.number(op.value("alpha", 1.0)))


def _by_channel(op: Op, name: str) -> str:
    """Return a vector of one number a channel so that it broadcasts over (N, C, …)."""
    vector = np.asarray(op.array(name))
    return op.graph.constant(vector.reshape(-1, *(1,) * (len(op.shape()) - 2)), op.name)


@operator("prelu")
def _prelu(op: Op) -> str:
    return op.emit("PRelu", op.tensor(), _by_channel(op, "alpha"))


@operator("softplus_parametric")
def _softplus_parametric(op: Op) -> str:
    inner = op.emit("Mul", op.tensor(), _by_channel(op, "beta"))
    return op.emit("Mul", op.emit("Softplus", inner), _by_channel(op, "alpha"))


@operator("sigmoid_hard")
def _sigmoid_hard(op: Op) -> str:
    slope, middle = float(op.value("alpha", 0.2)), float(op.value("beta", 0.5))
    return op.emit("HardSigmoid", op.tensor(), alpha=slope, beta=middle)


@operator("silu")
def _silu(op: Op) -> str:
    return op.emit("Mul", op.tensor(), op.emit("Sigmoid", op.tensor()))


@operator("gelu")
def _gelu(op: Op) -> str:
    mode = op.value("mode", "EXACT")
    if mode == "SIGMOID_APPROXIMATION":
        inner = op.emit("Mul", op.tensor(), op.number(_GELU_SLOPE))
        return op.emit("Mul", op.tensor(), op.emit("Sigmoid", inner))
    return op.emit("Gelu", op.tensor(), approximate="none" if mode == "EXACT" else "tanh")


@operator("softmax")
def _softmax(op: Op) -> str:
    return op.emit("Softmax", op.tensor(), axis=int(op.value("axis", -1)))
