"""Lengths that follow the open batch: what exporters compute from `Shape` around a Reshape.

Such a subgraph is run by onnx's reference evaluator for several batch sizes. What is the same for
all is a constant; what is always the same multiple of the batch is an open length; anything else
is refused where it is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx.reference import ReferenceEvaluator

if TYPE_CHECKING:
    from collections.abc import Mapping

    import onnx

    from .layout import Laid

#: 1 and 2 show comparisons with small numbers, the prime shows bounds and divisions.
BATCHES = (1, 2, 7, 1009)
#: What they give is a tensor of data, not of lengths.
_FILLING = {"ConstantOfShape", "Expand"}


@dataclass(frozen=True, slots=True)
class Lengths:
    """An array that depends on the batch size and on nothing else, as its shape may."""

    #: Its numbers for each of `BATCHES`.
    at: tuple[np.ndarray, ...]


@dataclass(frozen=True, slots=True)
class Length:
    """A number, or that many entries for each sample of the batch."""

    count: int
    open: bool


def shape_of(laid: Laid) -> np.ndarray | Lengths:
    """Return the shape of a tensor as `Shape` gives it."""
    each = tuple(
        np.array([batch * laid.per_sample if n is None else n for n in laid.shape], np.int64)
        for batch in BATCHES
    )
    return simplified(each)


def simplified(at: tuple[np.ndarray, ...]) -> np.ndarray | Lengths:
    """Return a constant where all are the same."""
    return at[0] if all(np.array_equal(at[0], other) for other in at[1:]) else Lengths(at)


def evaluated(
    proto: onnx.NodeProto, values: Mapping[str, Any], opset: int
) -> list[np.ndarray | Lengths] | None:
    """Run a node on constants and lengths; None where it fills a tensor that follows the batch.

    Raises whatever the evaluator raises.
    """
    runner = ReferenceEvaluator(proto, opsets={"": opset})
    names = [name for name in proto.input if name]
    runs: list[Any] = []
    for place in range(len(BATCHES)):
        feeds = {
            name: value.at[place] if isinstance(value := values[name], Lengths) else value
            for name in names
        }
        runs.append([np.asarray(result) for result in runner.run(None, feeds)])
    results = list(zip(*runs, strict=True))
    if proto.op_type in _FILLING and any(_differ(each) for each in results):
        return None
    return [simplified(each) for each in results]


def _differ(at: tuple[np.ndarray, ...]) -> bool:
    return any(run.shape != at[0].shape for run in at)


def counted(value: Lengths) -> list[Length] | None:
    """Return the shape of 0, 1, 2, … up to the last, whatever the batch; None of anything else.

    Such places make a Gather from a flat tensor a Reshape; torch writes `as_strided` so.
    """
    if not all(np.array_equal(run.reshape(-1), np.arange(run.size)) for run in value.at):
        return None
    if len({run.ndim for run in value.at}) > 1:
        return None
    return decoded(simplified(tuple(np.array(run.shape) for run in value.at)))


def decoded(value: np.ndarray | Lengths) -> list[Length] | None:
    """Say of each number whether it is fixed or a multiple of the batch; None if neither."""
    if isinstance(value, np.ndarray):
        return [Length(int(x), open=False) for x in value.reshape(-1)]
    if _differ(value.at):
        return None
    found = []
    for numbers in np.stack([run.reshape(-1) for run in value.at], 1):
        first = int(numbers[0])
        if (numbers == first).all():
            found.append(Length(first, open=False))
        elif (numbers == np.array(BATCHES) * first).all():
            found.append(Length(first, open=True))
        else:
            return None
    return found
