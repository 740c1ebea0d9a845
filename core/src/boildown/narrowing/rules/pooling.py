"""Operators that bring elements together along axes: harmless where these are not the channels."""

from __future__ import annotations

import numpy as np

from ..node import Node, Stay

#: Sums to which a channel of zeros adds nothing.
_SUMS = ("ReduceL1", "ReduceL2", "ReduceSum", "ReduceSumSquare")
_REDUCTIONS = (
    *_SUMS, "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd",
)  # fmt: skip
_AXES_ARE_INPUT = 13


def _pool(node: Node) -> None:
    """Follow a window over the axes behind the channels."""
    if len([name for name in node.proto.output if name]) > 1:
        raise Stay("puts out where its maxima lie")
    node.give(1, node.ids(0, 1))


def _reduce(node: Node) -> None:
    """Follow a reduction; channels that are summed up end there."""
    found, rank = node.channels(), len(node.shape())
    if found is None:
        return
    axes = _axes(node, rank)
    if found.axis in axes:
        if node.op not in _SUMS:
            raise Stay("takes all of them together")
        return
    lost = 0 if node.attribute("keepdims", 1) else sum(axis < found.axis for axis in axes)
    node.give(found.axis - lost, found.ids)


def _axes(node: Node, rank: int) -> set[int]:
    axes = node.attribute("axes")
    if axes is None and node.has(1):
        axes = node.value(1)
        if axes is None:
            raise Stay("computes its axes")
    if axes is None or not len(axes):
        return set() if node.attribute("noop_with_empty_axes", 0) else set(range(rank))
    return {int(axis) % rank for axis in np.asarray(axes)}


def _softmax(node: Node) -> None:
    """Follow values that are divided by the sum along an axis (before opset 13: all from it on)."""
    found, rank = node.channels(), len(node.shape())
    if found is None:
        return
    new = node.flow.opset >= _AXES_ARE_INPUT
    axis = node.attribute("axis", -1 if new else 1) % rank
    if found.axis == axis or (not new and found.axis > axis):
        raise Stay("takes all of them together")
    node.give(found.axis, found.ids)


RULES = {
    **dict.fromkeys(
        ("AveragePool", "GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool", "LpPool", "MaxPool"),
        _pool,
    ),
    **dict.fromkeys(_REDUCTIONS, _reduce),
    **dict.fromkeys(("Hardmax", "LogSoftmax", "Softmax"), _softmax),
}
