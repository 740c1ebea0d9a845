"""Where the samples of a batch lie in a tensor, and what a rule may ask about a node."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from onnx import helper

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    import onnx


class Place(NamedTuple):
    """The samples lie on `axis`, whose length is before × samples × after, in this order."""

    axis: int
    before: int = 1
    after: int = 1


class Mixed(Exception):  # noqa: N818 - an answer
    """A node would mix samples, or it is not known that it does not."""


class Seen(NamedTuple):
    """A node, with the shapes for one sample, the constants and the places of its inputs."""

    node: onnx.NodeProto
    shapes: Mapping[str, tuple[int, ...]]
    constants: Mapping[str, np.ndarray]
    places: Mapping[str, Place]

    @property
    def inputs(self) -> list[str]:
        """Names of the inputs that are given."""
        return [name for name in self.node.input if name]

    def place(self, index: int = 0) -> Place | None:
        """Return where the samples lie in an input; None where it is the same for all of them."""
        names = self.node.input
        return self.places.get(names[index]) if index < len(names) else None

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a value for one sample."""
        if name not in self.shapes:
            raise Mixed
        return self.shapes[name]

    def rank(self, index: int = 0) -> int:
        """Return the number of axes of an input."""
        return len(self.shape(self.node.input[index]))

    def integers(self, index: int) -> list[int] | None:
        """Return a constant input as numbers, None where it is left out."""
        names = self.node.input
        if index >= len(names) or not names[index]:
            return None
        if names[index] not in self.constants:
            raise Mixed
        return [int(value) for value in self.constants[names[index]].reshape(-1)]

    def attribute(self, name: str, default: Any) -> Any:
        """Return an attribute of the node."""
        for item in self.node.attribute:
            if item.name == name:
                return helper.get_attribute_value(item)
        return default

    def alone(self) -> Place:
        """Return the place of the first input, where no other depends on the samples."""
        first = self.place()
        if first is None or any(self.places.get(name) for name in self.node.input[1:]):
            raise Mixed
        return first


RULES: dict[str, Callable[[Seen], list[list[Place | None]]]] = {}


def rule(*operators: str) -> Callable[[Callable[[Seen], Any]], Callable[[Seen], Any]]:
    """Register where results lie: a place, or all ways that there are, each a place per output."""

    def register(find: Callable[[Seen], Any]) -> Callable[[Seen], Any]:
        def ways(seen: Seen) -> list[list[Place | None]]:
            found = find(seen)
            return [[found] * len(seen.node.output)] if isinstance(found, Place) else found

        RULES.update(dict.fromkeys(operators, ways))
        return find

    return register


def reshaped(place: Place, shape: tuple[int, ...], result: tuple[int, ...]) -> list[Place]:
    """Return all ways to see the samples in a tensor reshaped from `shape` to `result`.

    The order of numbers stays, so the samples stay behind as many numbers as before; an axis that
    covers this point can hold them.
    """
    ahead = math.prod(shape[: place.axis]) * place.before
    found = []
    for axis, length in enumerate(result):
        outer = math.prod(result[:axis])
        before, rest = divmod(ahead, outer)
        if not rest and before and length % before == 0:
            found.append(Place(axis, before, length // before))
    # Samples at the beginning of an axis are the usual case.
    return sorted(found, key=lambda way: (way.before, way.after))
