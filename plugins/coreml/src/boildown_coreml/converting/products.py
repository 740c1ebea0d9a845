"""Products with a constant matrix as Core ML's `linear`, which compression knows as a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..toolkit import silently
from .lowering import attribute, rule, theirs

with silently():
    from coremltools.converters.mil.mil import Builder as mb  # noqa: N813 - its usual name
    from onnx2coreml._utils import operands

if TYPE_CHECKING:
    from onnx import NodeProto
    from onnx2coreml._lowering import LoweringContext as Context

_MATRIX, _MOST_AXES = 2, 3


def _linear(x: Any, weight: Any, *, turned: bool, **more: Any) -> Any:
    """Multiply by a constant (out, in), or (in, out) where `turned`, under the constant's name."""
    if turned:
        weight = mb.const(val=np.ascontiguousarray(weight.val.T), name=weight.name)
    return mb.linear(x=x, weight=weight, **more)


def _fits(x: Any, weight: Any) -> bool:
    return (
        x.val is None
        and weight.val is not None
        and weight.rank == _MATRIX
        and _MATRIX <= x.rank <= _MOST_AXES
    )


@rule("MatMul")
def _matmul(context: Context, node: NodeProto) -> Any:
    x, y = operands(context.values_map, node, [0, 1])
    if not _fits(x, y):
        return theirs(context, node)
    return _linear(x, y, turned=True, name=node.output[0])


@rule("Gemm")
def _gemm(context: Context, node: NodeProto) -> Any:
    """Its factors are applied to results, so that the weight stays what it is."""
    a, b, c = operands(context.values_map, node, [0, 1, 2])
    alpha, beta = attribute(node, "alpha", 1.0), attribute(node, "beta", 1.0)
    bias = None if c is None else c.val
    plain = alpha == 1 and not attribute(node, "transA", 0) and _fits(a, b)
    # A bias that is no row is added apart.
    if not plain or (
        c is not None and (bias is None or bias.size != (*bias.shape, 1)[bias.ndim - 1])
    ):
        return _spelled_out(context, node)
    turned = not attribute(node, "transB", 0)
    more = {}
    if bias is not None:
        width = b.shape[1] if turned else b.shape[0]
        bias = np.broadcast_to(bias.reshape(-1) * np.float32(beta), (width,))
        more["bias"] = np.ascontiguousarray(bias.astype(np.float32))
    return _linear(a, b, turned=turned, name=node.output[0], **more)


@rule("Add")
def _add(context: Context, node: NodeProto) -> Any:
    """Take a row that is added to such a product into it, as exporters write linear layers."""
    x, y = operands(context.values_map, node, [0, 1])
    for product, row in ((x, y), (y, x)):
        made = product.op
        if made is None or made.op_type != "linear" or made.bias.val.any() or row.val is None:
            continue
        if row.rank == 1 and row.shape == product.shape[-1:]:
            return mb.linear(x=made.x, weight=made.weight, bias=row.val, name=node.output[0])
    return theirs(context, node)


def _spelled_out(context: Context, node: NodeProto) -> Any:
    a, b, c = operands(context.values_map, node, [0, 1, 2])
    alpha, beta = attribute(node, "alpha", 1.0), attribute(node, "beta", 1.0)
    if not attribute(node, "transA", 0) and _fits(a, b):
        product = _linear(a, b, turned=not attribute(node, "transB", 0))
    else:
        turns = {
            "transpose_x": bool(attribute(node, "transA", 0)),
            "transpose_y": bool(attribute(node, "transB", 0)),
        }
        product = mb.matmul(x=a, y=b, **turns)
    if alpha != 1:
        product = mb.mul(x=product, y=np.float32(alpha))
    if c is not None:
        summand = c if beta == 1 else mb.mul(x=c, y=np.float32(beta))
        return mb.add(x=product, y=summand, name=node.output[0])
    return mb.identity(x=product, name=node.output[0])
