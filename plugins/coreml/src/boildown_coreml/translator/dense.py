"""Matrix products, and attention made of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .builder import operator, type_of
from .weights import is_constant

if TYPE_CHECKING:
    from .builder import Op


@operator("linear")
def _linear(op: Op) -> str:
    weight = op.array("weight")
    if weight is None:
        op.refuse("it has no weight")
    turned = op.graph.constant(weight.T, op.var("weight").name)
    product = op.layer("MatMul", "weight", op.tensor(), turned)
    return op.emit("Add", product, op.tensor("bias")) if op.has("bias") else product


def _turned(op: Op, name: str) -> str:
    """Return a matrix with its last two axes swapped, a constant one without a node."""
    if is_constant(op.var(name)):
        turned = np.swapaxes(np.asarray(op.array(name)), -1, -2)
        return op.graph.constant(turned, op.var(name).name)
    axes = list(range(len(op.shape(name))))
    axes[-2:] = axes[-1], axes[-2]
    return op.emit("Transpose", op.tensor(name), perm=axes)


@operator("matmul")
def _matmul(op: Op) -> str:
    sides = {}
    for name in ("x", "y"):
        swap = op.value(f"transpose_{name}", default=False)
        sides[name] = _turned(op, name) if swap else op.tensor(name)
    constant = [name for name in ("x", "y") if is_constant(op.var(name))]
    if len(constant) == 1:
        return op.layer("MatMul", constant[0], sides["x"], sides["y"])
    return op.emit("MatMul", sides["x"], sides["y"])


@operator("einsum")
def _einsum(op: Op) -> str:
    inputs = [op.graph.tensor(var) for var in op.var("values")]
    return op.emit("Einsum", *inputs, equation=str(op.value("equation")))


@operator("scaled_dot_product_attention")
def _attention(op: Op) -> str:
    """Vaswani and others, Attention Is All You Need, 2017: softmax(q kᵀ / √d + mask) v."""
    scores = op.emit("MatMul", op.tensor("query"), _turned(op, "key"))
    width = op.shape("query")[-1]
    scores = op.emit("Mul", scores, op.graph.constant(np.float32(1 / math.sqrt(width)), op.name))
    if op.has("attn_mask"):
        mask = op.tensor("attn_mask")
        if type_of(op.var("attn_mask")) == "bool":
            ends = [op.graph.constant(np.float32(end), op.name) for end in (0, -np.inf)]
            mask = op.emit("Where", mask, *ends)
        scores = op.emit("Add", scores, mask)
    return op.emit("MatMul", op.emit("Softmax", scores, axis=-1), op.tensor("value"))
