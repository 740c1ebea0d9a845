"""The words for a row's standing: what is better, what is worse, and what may be chance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .front import relation
from .text import row_numbers

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from .front import Point

SIZE, SPEED, QUALITY = "size", "speed", "quality"
_ORDER = (SIZE, SPEED, QUALITY)
_BEST = {SIZE: "the smallest when deflated", SPEED: "the fastest"}
_BETTER = {SIZE: "smaller when deflated", SPEED: "faster"}
_AS_GOOD = {SIZE: "as small", SPEED: "as fast"}
_NOUN = {SIZE: "size", SPEED: "speed"}
_NO_SPEED = "; ranked without speed, which was not measured here"


def on_front(point: Point, others: Sequence[Point], same: Collection[int], metric: str) -> str:
    """Say what a row is best at, or that nothing has all of it at once, and what is the same.

    `others` are the other rows and the float32 input, number 0, which may be better than all rows.
    """
    rows = [other for other in others if other.number]
    given = [other for other in others if not other.number]
    best = [name for name in _axes_of(point) if _is_best(name, point, rows)]
    titles = {**_BEST, QUALITY: f"the best in {metric}"}
    told = _listed([f"{titles[n]}{_of_rows(n, point, given)} ({point.shown[n]})" for n in best])
    axes = {**_AS_GOOD, QUALITY: f"as good in {metric}"}
    more = "no other row" if not same else "no row but those like it"
    none = f"{more} is {_listed([axes[name] for name in _axes_of(point)])} at once"
    alone = "" if rows else "the only ranked row of its model and data"
    like = f"; not distinguishable from {_rows(same)}" if same else ""
    return f"on the front: {alone or told or none}{like}{_without_speed(point)}"


def _is_best(name: str, point: Point, others: Sequence[Point]) -> bool:
    own = point.axes[name]
    rest = [other.axes[name] for other in others if name in other.axes]
    return bool(rest) and all(relation(own, other) == "better" for other in rest)


def _of_rows(name: str, point: Point, given: Sequence[Point]) -> str:
    beaten = [it for it in given if relation(it.axes[name], point.axes[name]) == "better"]
    return " of the rows" if beaten else ""


def dominated(point: Point, by: Sequence[Point], free: Collection[int], metric: str) -> str:
    """Say by which rows, and in what the most telling one is better."""
    first = _most_telling(point, by, free)
    told = _against(point, first, metric)
    return f"dominated by {_named(by, first)} {told}{_without_speed(point)}"


def near(point: Point, by: Sequence[Point], free: Collection[int], metric: str) -> str:
    """Say which rows are better in something, and that what speaks for this one may be chance."""
    first = _most_telling(point, by, free)
    told = _against(point, first, metric)
    return f"not distinguishable from the front: {_named(by, first)} {told}{_without_speed(point)}"


def _most_telling(point: Point, by: Sequence[Point], free: Collection[int]) -> Point:
    """Prefer a row that is dominated by none, then one that is better in more, then smaller."""

    def weight(other: Point) -> tuple[bool, bool, int, float]:
        better = sum(relation(other.axes[n], own) == "better" for n, own in point.axes.items())
        return other.number in free, other.number != 0, better, other.axes[SIZE].value

    return max(by, key=weight)


def _against(point: Point, other: Point, metric: str) -> str:
    better, alike, equal = [], [], []
    for name in _axes_of(point):
        found = relation(other.axes[name], point.axes[name])
        figures = f"({other.shown[name]} against {point.shown[name]})"
        if found == "better":
            better.append(f"{_BETTER.get(name, f'better in {metric}')} {figures}")
        elif found == "alike":
            alike.append(f"{_NOUN.get(name, metric)} is not distinguishable {figures}")
        else:
            equal.append(_NOUN.get(name, metric))
    same = [f"{_listed(equal)} {'is' if len(equal) == 1 else 'are'} equal"] if equal else []
    return "; ".join([f"is {_listed(better)}", *alike, *same])


def _axes_of(point: Point) -> list[str]:
    return [name for name in _ORDER if name in point.axes]


def _named(by: Sequence[Point], first: Point) -> str:
    name = "the float32 input" if first.number == 0 else f"row {first.number}"
    if len(by) == 1:
        return f"{name}, which"
    return f"{_rows([point.number for point in by])}: {name}"


def _rows(found: Collection[int]) -> str:
    rows = [row_numbers(filter(None, found))] if any(found) else []
    return _listed([*rows, *(["the float32 input"] if 0 in found else [])])


def _listed(parts: Sequence[str]) -> str:
    *most, last = parts or ("",)
    return f"{', '.join(most)} and {last}" if most else last


def _without_speed(point: Point) -> str:
    return "" if SPEED in point.axes else _NO_SPEED
