"""Where the axes of a tensor lie in memory: TensorFlow wants channels last, ONNX has them second.

A transposition only changes what is known of the axes; numbers are moved when an operator needs
another order. So the transposes that exporters write around channels-last layers vanish.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

Shape = tuple[int | None, ...]
_IMAGE = 4


@dataclass(frozen=True, slots=True)
class Laid:
    """A Keras tensor that stands for an ONNX tensor."""

    tensor: Any
    #: ONNX axis of each axis in memory.
    order: tuple[int, ...]
    #: How many entries of the open axis belong to one sample: a reshape may fold others into it.
    per_sample: int = 1

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.order)

    @property
    def shape(self) -> Shape:
        """The lengths in ONNX's order, None for the open axis."""
        return tuple(self.tensor.shape[self.at(axis)] for axis in range(self.rank))

    def at(self, axis: int) -> int:
        """Return the place in memory of an ONNX axis, which may count from the end."""
        return self.order.index(axis % self.rank)

    def giving(self, tensor: Any, order: tuple[int, ...] | None = None) -> Laid:
        """Return what was computed of this tensor, in the same order unless another is given."""
        return replace(self, tensor=tensor, order=self.order if order is None else order)

    def permuted(self, axes: list[int]) -> Laid:
        """Return the same numbers for an ONNX tensor with its axes in another order."""
        return replace(self, order=tuple(axes.index(axis) for axis in self.order))


def with_open_axis(tensors: list[Laid]) -> Laid:
    """Return the first that has an open axis, else the first."""
    return next((laid for laid in tensors if None in laid.shape), tensors[0])


def onnx_order(rank: int) -> tuple[int, ...]:
    """Return the order that ONNX has."""
    return tuple(range(rank))


def channels_last(rank: int) -> tuple[int, ...]:
    """Return the order of TensorFlow's convolutions, pooling and normalisations."""
    return (0, *range(2, rank), 1) if rank > 1 else (0,)


def outer_order(rank: int) -> tuple[int, ...]:
    """Return how inputs and outputs of the model lie: images channels last, all else as in ONNX."""
    return channels_last(rank) if rank == _IMAGE else onnx_order(rank)


def moves_nothing(shape: Shape, before: tuple[int, ...], after: tuple[int, ...]) -> bool:
    """Tell whether two orders differ only in where axes of length 1 are."""
    kept = {axis for axis, length in enumerate(shape) if length != 1}
    return [a for a in before if a in kept] == [a for a in after if a in kept]
