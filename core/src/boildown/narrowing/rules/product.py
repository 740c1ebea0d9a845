"""Matrix products: by a weight, which is a layer, and of two activations."""

from __future__ import annotations

from ..node import Node, Stay

_MATRIX = 2


def _gemm(node: Node) -> None:
    """Follow A (rows, in) by a weight, and the bias that is added."""
    if node.attribute("transA", 0) or not node.is_stored(1):
        raise Stay("has no weight on its right side")
    if node.has(2) and not node.is_stored(2):
        raise Stay("adds what is computed")
    turned = node.attribute("transB", 0)
    node.cut(1, 1 if turned else 0, node.ids(0, 1), weighs=True)
    made = node.born(node.out_shape()[1])
    node.cut(1, 0 if turned else 1, made, weighs=True)
    if node.has(2) and node.shape(2) and node.shape(2)[-1] == len(made):
        node.cut(2, len(node.shape(2)) - 1, made)
    node.give(1, made)


def _matmul(node: Node) -> None:
    """Follow a product whose one side may be a weight (in, out), or (out, in) on the left."""
    weights = [index for index in (0, 1) if node.is_stored(index)]
    if len(weights) == 1 and len(node.shape(weights[0])) == _MATRIX:
        _layer(node, weights[0])
    elif not weights:
        _of_two(node)
    else:
        raise Stay("has more than one weight, or one of several matrices")


def _layer(node: Node, weight: int) -> None:
    given = 1 - weight
    rank = len(node.shape(given))
    if rank < _MATRIX:
        raise Stay("takes a vector")
    inner, outer = (rank - 1, 1) if weight == 1 else (rank - 2, 0)
    made = node.born(node.shape(weight)[outer])
    found = node.channels(given)
    node.cut(weight, 1 - outer, node.along(given, inner), weighs=True)
    node.cut(weight, outer, made, weighs=True)
    if found is None or found.axis == inner:
        node.give(inner, made)
    else:
        node.keep(made, "takes in channels along another axis")
        node.give(found.axis, found.ids)


def _of_two(node: Node) -> None:
    """Follow (..., rows, inner) by (..., inner, columns); what is summed over goes together."""
    rank = len(node.out_shape())
    if min(len(node.shape(0)), len(node.shape(1))) < _MATRIX:
        raise Stay("takes a vector")
    node.couple(node.along(0, -1), node.along(1, -2))
    passing = []
    for index, inner in ((0, -1), (1, -2)):
        found, own = node.channels(index), len(node.shape(index))
        if found is not None and found.axis != own + inner:
            passing.append((1 - index, found.axis + rank - own, found.ids))
    if len(passing) > 1:
        raise Stay("takes them on both sides")
    for other, axis, ids in passing:
        if axis < rank - _MATRIX and _is_several(node, other, axis):
            raise Stay("computes with them one by one")
        node.give(axis, ids)


def _is_several(node: Node, index: int, axis: int) -> bool:
    """Tell whether an input has several matrices along an axis of the output."""
    own = axis - len(node.out_shape()) + len(node.shape(index))
    return own >= 0 and node.shape(index)[own] > 1


RULES = {"Gemm": _gemm, "MatMul": _matmul}
