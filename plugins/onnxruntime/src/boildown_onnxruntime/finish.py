"""Take the last rounding off the outputs of a QDQ model.

The quantizer rounds outputs to 256 levels like any other activation, so that equal logits and
wrong winners appear. Operators whose integer kernel can give floats do without.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from boildown import initializers, replace_nodes
from onnx import helper, numpy_helper

from .graph import consumers, producers

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

#: Place of the bias among the inputs of a Gemm.
_BIAS = 2
#: Its integer kernel needs a rounded output: without one it would compute in float32.
_ROUNDED = "Conv"
#: These change no number, so what they read need not be rounded either.
_MOVERS = ("Flatten", "Reshape", "Squeeze", "Unsqueeze", "Transpose")


def leave_outputs_float(model: ModelProto) -> None:
    """Remove in place the pairs of QuantizeLinear and DequantizeLinear before outputs."""
    for output in model.graph.output:
        _widen(model, output.name, readers=0)


def _widen(model: ModelProto, name: str, *, readers: int) -> None:
    """Leave the tensor unrounded, and what it is moved from, if nothing else reads them."""
    made, read_by = producers(model), consumers(model)
    pair = _pair_before(name, made)
    if pair is None or len(read_by.get(name, [])) != readers:
        return
    narrow, widen = pair
    source = made.get(narrow.input[0])
    alone = len(read_by[narrow.input[0]]) == len(read_by[narrow.output[0]]) == 1
    if source is None or source.op_type == _ROUNDED or not alone:
        return
    model.graph.node.remove(narrow)
    model.graph.node.remove(widen)
    source.output[0] = name
    if source.op_type == "Gemm":
        _quantize_bias(model, source, made)
    elif source.op_type in _MOVERS:
        _widen(model, source.input[0], readers=1)


def _pair_before(name: str, made: dict[str, NodeProto]) -> tuple[NodeProto, NodeProto] | None:
    widen = made.get(name)
    if widen is None or widen.op_type != "DequantizeLinear":
        return None
    narrow = made.get(widen.input[0])
    return None if narrow is None or narrow.op_type != "QuantizeLinear" else (narrow, widen)


def _quantize_bias(model: ModelProto, gemm: NodeProto, made: dict[str, NodeProto]) -> None:
    """Store the bias as int32: only so does ONNX Runtime fuse a Gemm with a float output."""
    tensors = initializers(model)
    if len(gemm.input) <= _BIAS or gemm.input[_BIAS] not in tensors:
        return
    input_scale, weight_scale = (
        numpy_helper.to_array(tensors[made[name].input[1]]) for name in gemm.input[:2]
    )
    bias = numpy_helper.to_array(tensors[gemm.input[_BIAS]]).ravel()
    scale = (input_scale * weight_scale).astype(np.float32)
    codes = np.rint(bias / scale).astype(np.int32)
    names = [f"{gemm.input[_BIAS]}/{part}" for part in ("codes", "scale", "real")]
    stored = (codes, scale)
    model.graph.initializer.extend(
        numpy_helper.from_array(values, name)
        for values, name in zip(stored, names[:2], strict=True)
    )
    widen = helper.make_node("DequantizeLinear", names[:2], names[2:], axis=0)
    replace_nodes(model, [widen, *model.graph.node])
    kept = next(node for node in model.graph.node if node.output[0] == gemm.output[0])
    kept.input[_BIAS] = names[2]
