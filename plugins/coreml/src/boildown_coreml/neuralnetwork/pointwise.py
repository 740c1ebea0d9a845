"""Layers that compute value by value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto

from .builder import layer
from .weights import decode

if TYPE_CHECKING:
    from collections.abc import Callable

    from .builder import NetLayer

_PLAIN = {
    "acos": "Acos",
    "asin": "Asin",
    "atan": "Atan",
    "atanh": "Atanh",
    "ceil": "Ceil",
    "copy": "Identity",
    "cos": "Cos",
    "cosh": "Cosh",
    "erf": "Erf",
    "floor": "Floor",
    "round": "Round",
    "sign": "Sign",
    "sin": "Sin",
    "sinh": "Sinh",
    "tan": "Tan",
    "tanh": "Tanh",
}
_ACTIVATIONS = {
    "ReLU": "Relu",
    "sigmoid": "Sigmoid",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "tanh": "Tanh",
}
_JOINT = {
    "add": "Add",
    "addBroadcastable": "Add",
    "divideBroadcastable": "Div",
    "max": "Max",
    "maxBroadcastable": "Max",
    "min": "Min",
    "minBroadcastable": "Min",
    "multiply": "Mul",
    "multiplyBroadcastable": "Mul",
    "powBroadcastable": "Pow",
    "subtractBroadcastable": "Sub",
}
_COMPARISONS = {
    "equal": "Equal",
    "greaterEqual": "GreaterOrEqual",
    "greaterThan": "Greater",
    "lessEqual": "LessOrEqual",
    "lessThan": "Less",
    "notEqual": "Equal",
}


@layer(*_PLAIN)
def _plain(net: NetLayer) -> str:
    return net.emit(_PLAIN[net.kind], net.x)


@layer(*_JOINT)
def _joint(net: NetLayer) -> str:
    """The older of these take a number `alpha` in place of a second input."""
    kind, (result, *others) = _JOINT[net.kind], net.inputs
    if not others:
        others = [net.number(net.params.alpha)]
    for other in others:
        result = net.emit(kind, result, other)
    return result


@layer(*_COMPARISONS)
def _comparison(net: NetLayer) -> str:
    """Truth is the real number 1."""
    other = net.inputs[1] if len(net.inputs) > 1 else net.number(net.params.alpha)
    found = net.emit(_COMPARISONS[net.kind], net.x, other)
    found = net.emit("Not", found) if net.kind == "notEqual" else found
    return net.emit("Cast", found, to=TensorProto.FLOAT)


@layer("whereBroadcastable")
def _where(net: NetLayer) -> str:
    truth = net.emit("Cast", net.x, to=TensorProto.BOOL)
    return net.emit("Where", truth, *net.inputs[1:])


@layer("clip")
def _clip(net: NetLayer) -> str:
    return net.emit("Clip", net.x, net.number(net.params.minVal), net.number(net.params.maxVal))


@layer("gelu")
def _gelu(net: NetLayer) -> str:
    mode = net.params.GeluMode.Name(net.params.mode)
    if mode == "SIGMOID_APPROXIMATION":
        inner = net.emit("Mul", net.x, net.number(1.702))
        return net.emit("Mul", net.x, net.emit("Sigmoid", inner))
    return net.emit("Gelu", net.x, approximate="none" if mode == "EXACT" else "tanh")


@layer("unary")
def _unary(net: NetLayer) -> str:
    """f(scale × x + shift), to which some add `epsilon` first."""
    params, x = net.params, net.x
    if params.scale != 1:
        x = net.emit("Mul", x, net.number(params.scale))
    if params.shift:
        x = net.emit("Add", x, net.number(params.shift))
    kind = params.Operation.Name(params.type)
    if kind in {"RSQRT", "INVERSE", "LOG"} and params.epsilon:
        x = net.emit("Add", x, net.number(params.epsilon))
    if kind == "RSQRT":
        return net.emit("Reciprocal", net.emit("Sqrt", x))
    if kind in {"POWER", "THRESHOLD"}:
        made = "Pow" if kind == "POWER" else "Max"
        return net.emit(made, x, net.number(params.alpha))
    plain = {"SQRT": "Sqrt", "INVERSE": "Reciprocal", "EXP": "Exp", "LOG": "Log", "ABS": "Abs"}
    return net.emit(plain[kind], x)


@layer("activation")
def _activation(net: NetLayer) -> str:
    kind = net.params.WhichOneof("NonlinearityType")
    if kind in _ACTIVATIONS:
        return net.emit(_ACTIVATIONS[kind], net.x)
    given: Any = getattr(net.params, kind)
    if kind in {"leakyReLU", "ELU"}:
        made = "LeakyRelu" if kind == "leakyReLU" else "Elu"
        return net.emit(made, net.x, alpha=given.alpha)
    if kind == "sigmoidHard":
        return net.emit("HardSigmoid", net.x, alpha=given.alpha, beta=given.beta)
    if kind not in _SPELLED_OUT:
        net.refuse(f"activation {kind} is not translated")
    return _SPELLED_OUT[kind](net, given)


def _linear(net: NetLayer, given: Any) -> str:
    scaled = net.emit("Mul", net.x, net.number(given.alpha))
    return net.emit("Add", scaled, net.number(given.beta))


def _scaled_tanh(net: NetLayer, given: Any) -> str:
    inner = net.emit("Tanh", net.emit("Mul", net.x, net.number(given.beta)))
    return net.emit("Mul", inner, net.number(given.alpha))


def _thresholded(net: NetLayer, given: Any) -> str:
    reached = net.emit("GreaterOrEqual", net.x, net.number(given.alpha))
    return net.emit("Mul", net.x, net.emit("Cast", reached, to=TensorProto.FLOAT))


def _prelu(net: NetLayer, given: Any) -> str:
    slope = decode(given.alpha, (net.shape(net.x)[-3],)).values
    return net.emit("PRelu", net.x, net.constant(slope.reshape(-1, 1, 1)))


_SPELLED_OUT: dict[str, Callable[[NetLayer, Any], str]] = {
    "PReLU": _prelu,
    "linear": _linear,
    "scaledTanh": _scaled_tanh,
    "thresholdedReLU": _thresholded,
}


@layer("scale", "bias")
def _scale(net: NetLayer) -> str:
    """One number, one a channel, or one a place, over the last three axes."""
    params, result = net.params, net.x
    parts = (
        [("Mul", params.scale, params.shapeScale)]
        + ([("Add", params.bias, params.shapeBias)] if params.hasBias else [])
        if net.kind == "scale"
        else [("Add", params.bias, params.shape)]
    )
    for made, weight, shape in parts:
        values = decode(weight, tuple(shape)).values
        values = values.reshape(-1, 1, 1) if values.ndim == 1 and values.size > 1 else values
        result = net.emit(made, result, net.constant(np.asarray(values)))
    return result
