"""Numbers of channels that a graph computes from its own shapes, such as to reshape by them.

A shape that is only used as one follows by itself, or is written anew. Where anything else is
computed with the number (the root by which attention divides), the channels must stay.
"""

from __future__ import annotations

import numpy as np

from ..errors import ModelError
from ..model.evaluate import evaluate
from .flow import Lengths
from .node import Node, Stay

#: Operators that only move integers: their first input (Concat: all).
_MOVES = ("Cast", "Concat", "Gather", "Identity", "Reshape", "Slice", "Squeeze", "Unsqueeze")
_ARITHMETIC = ("Add", "Div", "Max", "Min", "Mul", "Sub")
#: Operator -> its input that is a shape.
_SHAPES = {"Expand": 1, "Reshape": 1, "Resize": 3}


def begin_lengths(node: Node) -> None:
    """Follow the node that gives the shape of a tensor."""
    found, rank = node.channels(), len(node.shape())
    if found is not None:
        marks = np.zeros(rank, np.int64)
        marks[found.axis] = 1
        marks = marks[node.attribute("start", 0) : node.attribute("end", rank)]
        _give(node, marks, found.ids)


def follow_lengths(node: Node) -> bool:
    """Follow a node that takes such integers; tell whether that is all there is to it.

    Raises Stay where it computes something else with them.
    """
    given = {i: node.flow.lengths[n] for i, n in enumerate(node.inputs) if n in node.flow.lengths}
    if not given:
        return False
    if set(given) == {_SHAPES.get(node.op)}:
        if node.channels() is None:
            raise Stay("gives this shape to something else")
        return False
    ids = np.concatenate([lengths.ids for lengths in given.values()])
    if node.op in _MOVES and (node.op == "Concat" or set(given) == {0}):
        _give(node, _moved(node, given), ids)
    elif node.op in _ARITHMETIC and not any(map(node.channels, range(len(node.inputs)))):
        _give(node, np.ones(node.out_shape(), np.int64), ids)
    else:
        raise Stay("computes with their number")
    return True


def _moved(node: Node, given: dict[int, Lengths]) -> np.ndarray:
    values: list[np.ndarray | None] = []
    for index in range(len(node.inputs)):
        if index in given:
            values.append(given[index].marks)
        elif node.op == "Concat":
            values.append(np.zeros(node.shape(index), np.int64))
        else:
            values.append(node.value(index) if node.has(index) else None)
            if node.has(index) and values[-1] is None:
                raise Stay("computes where their number goes")
    try:
        return evaluate(node.proto, values, node.flow.opset)[0]
    except ModelError as error:
        raise Stay(f"cannot be followed ({error})") from error


def _give(node: Node, marks: np.ndarray, ids: np.ndarray) -> None:
    if marks.any():
        node.flow.lengths[node.proto.output[0]] = Lengths(marks, ids)
