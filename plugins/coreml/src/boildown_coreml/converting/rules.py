"""Rules for operators that onnx2coreml lowers to something else in some of their forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto

from ..toolkit import mil_types, silently
from .lowering import Inexact, attribute, rule, theirs

with silently():
    from coremltools.converters.mil.mil import Builder as mb  # noqa: N813 - its usual name
    from onnx2coreml._utils import operands

if TYPE_CHECKING:
    from onnx import NodeProto
    from onnx2coreml._lowering import LoweringContext as Context

#: Attribute -> the only value with which the operators are what onnx2coreml makes of them.
_EXPECTED: dict[str, dict[str, Any]] = {
    "ArgMax": {"select_last_index": 0},
    "ArgMin": {"select_last_index": 0},
    "BatchNormalization": {"training_mode": 0},
    "Mod": {"fmod": 0},
    "MaxPool": {"dilations": 1, "storage_order": 0},
    "AveragePool": {"dilations": 1},
    "ConvTranspose": {"auto_pad": "NOTSET"},
}
_WHOLE = {TensorProto.INT32, TensorProto.INT64, TensorProto.BOOL}


@rule(*_EXPECTED)
def _as_expected(context: Context, node: NodeProto) -> Any:
    for name, wanted in _EXPECTED[node.op_type].items():
        found = attribute(node, name, wanted)
        if any(value != wanted for value in (found if isinstance(found, list) else [found])):
            raise Inexact(f"{name} = {found}")
    return theirs(context, node)


def _value(context: Context, node: NodeProto, place: int) -> Any:
    return operands(context.values_map, node, [place])[0]


def constant(context: Context, node: NodeProto, place: int) -> np.ndarray | None:
    """Return a constant input, None where it is left out or empty; refuse where it is computed."""
    var = _value(context, node, place)
    if var is None:
        return None
    if var.val is None:
        raise Inexact(f"its input {node.input[place]!r} is computed, not constant")
    array = np.asarray(var.val)
    return array if array.size else None


@rule("Reciprocal")
def _reciprocal(context: Context, node: NodeProto) -> Any:
    """MIL's `inverse` adds 1e-4."""
    return mb.real_div(x=np.float32(1), y=_value(context, node, 0), name=node.output[0])


@rule("Div")
def _div(context: Context, node: NodeProto) -> Any:
    x, y = operands(context.values_map, node, [0, 1])
    if not mil_types.is_float(x.dtype) and x.val is not None and y.val is not None:
        quotient = np.trunc(np.asarray(x.val) / np.asarray(y.val)).astype(np.int32)
        return mb.const(val=quotient, name=node.output[0])
    if not mil_types.is_float(x.dtype):
        raise Inexact("ONNX cuts the quotient of whole numbers")
    return mb.real_div(x=x, y=y, name=node.output[0])


@rule("Clip")
def _clip(context: Context, node: NodeProto) -> Any:
    """ReLU6 under its own name, by which coremltools knows it."""
    bounds = [constant(context, node, place) for place in (1, 2)]
    x = _value(context, node, 0)
    if mil_types.is_float(x.dtype) and [b if b is None else b.item() for b in bounds] == [0, 6]:
        return mb.relu6(x=x, name=node.output[0])
    return theirs(context, node)


@rule("LogSoftmax")
def _log_softmax(context: Context, node: NodeProto) -> Any:
    """Spelled out, since the logarithm of a softmax loses all small values."""
    x, axis = _value(context, node, 0), attribute(node, "axis", -1)
    moved = mb.sub(x=x, y=mb.reduce_max(x=x, axes=[axis], keep_dims=True))
    total = mb.reduce_log_sum_exp(x=moved, axes=[axis], keep_dims=True)
    return mb.sub(x=moved, y=total, name=node.output[0])


@rule("Gelu")
def _gelu(context: Context, node: NodeProto) -> Any:
    """onnx2coreml compares bytes with text and so never finds the approximation."""
    modes = {"none": "EXACT", "tanh": "TANH_APPROXIMATION"}
    mode = modes[attribute(node, "approximate", "none")]
    return mb.gelu(x=_value(context, node, 0), mode=mode, name=node.output[0])


@rule("Sum")
def _sum(context: Context, node: NodeProto) -> Any:
    total, *others = operands(context.values_map, node, list(range(len(node.input))))
    for place, other in enumerate(others, start=1):
        last = {"name": node.output[0]} if place == len(others) else {}
        total = mb.add(x=total, y=other, **last)
    return total if others else mb.identity(x=total, name=node.output[0])


@rule("Cast")
def _cast(context: Context, node: NodeProto) -> Any:
    if attribute(node, "to", 0) not in {*_WHOLE, TensorProto.FLOAT}:
        raise Inexact("Core ML would keep another width of numbers")
    return theirs(context, node)


@rule("Pad")
def _pad(context: Context, node: NodeProto) -> Any:
    x, pads = _value(context, node, 0), constant(context, node, 1)
    axes, fill = constant(context, node, 3), constant(context, node, 2)
    if pads is None or (pads < 0).any():
        raise Inexact("its margins are negative or not given")
    begins, ends = (list(half) for half in np.split(pads, 2))
    given = range(x.rank) if axes is None else [int(axis) % x.rank for axis in axes]
    margins = np.zeros((x.rank, 2), np.int32)
    for axis, begin, end in zip(given, begins, ends, strict=True):
        margins[axis] = begin, end
    modes = {"constant": "constant", "edge": "replicate", "reflect": "reflect"}
    mode = attribute(node, "mode", "constant")
    if mode not in modes:
        raise Inexact(f"mode = {mode}")
    value = 0.0 if fill is None else float(fill.reshape(()))
    return mb.pad(
        x=x, pad=margins.reshape(-1), mode=modes[mode], constant_val=value, name=node.output[0]
    )
