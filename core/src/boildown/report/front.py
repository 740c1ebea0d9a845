"""Pareto order of measured rows, in which a difference within its interval proves nothing.

All figures are turned so that more is better.
"""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: `alike`: one is greater, but by less than the interval of the difference.
Relation = Literal["better", "worse", "equal", "alike"]


class Estimate(NamedTuple):
    """A figure with its 95 % interval; the ends of one that is exact are the figure itself."""

    value: float
    low: float
    high: float

    @classmethod
    def exact(cls, value: float) -> Estimate:
        """Return a figure that is counted, not sampled."""
        return cls(value, value, value)

    def turned(self) -> Estimate:
        """Return the figure with its sign changed, for one of which less is better."""
        return Estimate(-self.value, -self.high, -self.low)


class Point(NamedTuple):
    """A row on the axes that it has, and its figures as people read them."""

    number: int
    axes: Mapping[str, Estimate]
    shown: Mapping[str, str] = MappingProxyType({})


class Place(NamedTuple):
    """Where a point stands: what dominates it, what all but does, what is the same to the eye."""

    dominators: tuple[int, ...]
    rivals: tuple[int, ...]
    same: tuple[int, ...]


def relation(one: Estimate, other: Estimate) -> Relation:
    """Return how `one` stands to `other` on one axis.

    The interval of the difference of two independent estimates follows from those of the two
    (MOVER: Zou and Donner, Statistics in Medicine 27, 2008, 1693-1702). Where one is exact it is
    the interval of the other; where both depend on the same samples it is too wide, so that less
    is called a difference.
    """
    gap = one.value - other.value
    if gap == 0:
        return "equal"
    if gap < 0:
        return "worse" if relation(other, one) == "better" else "alike"
    reach = math.hypot(one.value - one.low, other.high - other.value)
    return "better" if gap > reach else "alike"


def dominates(one: Point, other: Point) -> bool:
    """Tell whether `one` is at least as good on every axis of `other`, and surely better on one.

    A point without one of the axes of `other` cannot dominate it: nothing is known there.
    """
    if any(name not in one.axes for name in other.axes):
        return False
    pairs = [(one.axes[name], own) for name, own in other.axes.items()]
    if any(ours.value < own.value for ours, own in pairs):
        return False
    return any(relation(ours, own) == "better" for ours, own in pairs)


def rivals(one: Point, other: Point) -> bool:
    """Tell whether `one` is surely better somewhere, and worse only within the intervals."""
    if any(name not in one.axes for name in other.axes):
        return False
    found = {relation(one.axes[name], own) for name, own in other.axes.items()}
    return "better" in found and "worse" not in found


def alike(one: Point, other: Point) -> bool:
    """Tell whether two points have the same axes and no difference that is sure."""
    if one.axes.keys() != other.axes.keys():
        return False
    return {relation(one.axes[name], own) for name, own in other.axes.items()} <= {"equal", "alike"}


def places(points: Sequence[Point]) -> dict[int, Place]:
    """Return where every point stands among all; domination has no circles, so some are free."""
    found = {}
    for point in points:
        others = [other for other in points if other is not point]
        above = [other for other in others if dominates(other, point)]
        near = [other for other in others if other not in above and rivals(other, point)]
        same = [other for other in others if alike(other, point)]
        found[point.number] = Place(*(tuple(p.number for p in ps) for ps in (above, near, same)))
    return found


def staircase(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the points that no other one exceeds on both of two axes, from left to right."""
    kept: list[tuple[float, float]] = []
    for x, y in sorted(set(points), key=lambda point: (-point[0], -point[1])):
        if not kept or y > kept[-1][1]:
            kept.append((x, y))
    return kept[::-1]
