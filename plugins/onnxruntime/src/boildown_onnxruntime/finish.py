"""Take the last rounding off the outputs of a QDQ model.

The quantizer rounds outputs to 256 levels like any other activation, so that equal logits and
wrong winners appear. Operators whose integer kernel can give floats do without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import quantize_last_bias

from .graph import consumers, producers

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

#: Its integer kernel needs a rounded output: without one it would compute in float32.
_ROUNDED = "Conv"
#: These change no number, so what they read need not be rounded either.
_MOVERS = ("Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose")
#: These keep the order of scores, and have no kernel for integers here.
_SCORES = ("Softmax", "LogSoftmax")


def leave_outputs_float(model: ModelProto) -> None:
    """Remove in place the pairs of QuantizeLinear and DequantizeLinear before outputs.

    Biases of what gives them are stored as int32.
    """
    for output in model.graph.output:
        _widen(model, output.name, readers=0)
    quantize_last_bias(model)


def _widen(model: ModelProto, name: str, *, readers: int) -> None:
    """Leave the tensor unrounded, and what it is moved from, if nothing else reads them."""
    made, read_by = producers(model), consumers(model)
    pair = _pair_before(name, made)
    if len(read_by.get(name, [])) != readers:
        return
    if pair is None:
        last = made.get(name)
        if last is not None and last.op_type in _SCORES:
            _widen(model, last.input[0], readers=1)
        return
    narrow, widen = pair
    source = made.get(narrow.input[0])
    alone = len(read_by[narrow.input[0]]) == len(read_by[narrow.output[0]]) == 1
    if source is None or source.op_type == _ROUNDED or not alone:
        return
    model.graph.node.remove(narrow)
    model.graph.node.remove(widen)
    source.output[0] = name
    if source.op_type in _MOVERS:
        _widen(model, source.input[0], readers=1)


def _pair_before(name: str, made: dict[str, NodeProto]) -> tuple[NodeProto, NodeProto] | None:
    widen = made.get(name)
    if widen is None or widen.op_type != "DequantizeLinear":
        return None
    narrow = made.get(widen.input[0])
    return None if narrow is None or narrow.op_type != "QuantizeLinear" else (narrow, widen)
