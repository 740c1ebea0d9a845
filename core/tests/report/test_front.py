from __future__ import annotations

import pytest
from boildown.report.front import Estimate, Point, dominates, places, relation, staircase
from hypothesis import given
from hypothesis import strategies as st

SMALL = st.integers(-3, 3).map(float)
ESTIMATES = st.builds(
    lambda value, below, above: Estimate(value, value - below, value + above),
    SMALL,
    st.integers(0, 3),
    st.integers(0, 3),
)
AXES = st.fixed_dictionaries(
    {"size": ESTIMATES, "quality": ESTIMATES}, optional={"speed": ESTIMATES}
)


@st.composite
def clouds(draw: st.DrawFn) -> list[Point]:
    found = draw(st.lists(AXES, min_size=1, max_size=8))
    return [Point(number, axes) for number, axes in enumerate(found)]


def point(number: int, **axes: float | tuple[float, float, float]) -> Point:
    return Point(
        number,
        {
            name: Estimate(*value) if isinstance(value, tuple) else Estimate.exact(value)
            for name, value in axes.items()
        },
    )


def test_a_difference_within_its_interval_is_none() -> None:
    assert relation(Estimate(1, 0.5, 1.5), Estimate(0, -0.5, 0.5)) == "better"
    assert relation(Estimate(1, 0, 2), Estimate(0, -1, 1)) == "alike"
    assert relation(Estimate(0, -1, 1), Estimate(1, 0, 2)) == "alike"
    assert relation(Estimate(0, -0.5, 0.5), Estimate(1, 0.5, 1.5)) == "worse"
    assert relation(Estimate(1, 0, 2), Estimate(1, 0.9, 1.1)) == "equal"


def test_against_an_exact_figure_the_interval_of_the_other_decides() -> None:
    assert relation(Estimate(0.2, 0.01, 0.5), Estimate.exact(0)) == "better"
    assert relation(Estimate(0.2, -0.01, 0.5), Estimate.exact(0)) == "alike"


def test_an_unknown_interval_makes_no_difference_sure() -> None:
    unknown = Estimate(5, float("-inf"), float("inf"))
    assert relation(unknown, Estimate.exact(0)) == "alike"
    assert relation(Estimate.exact(0), unknown) == "alike"


def test_what_is_smaller_but_less_accurate_within_chance_is_a_rival_and_no_dominator() -> None:
    large = point(1, size=2, quality=(0.001, -0.001, 0.003))
    small = point(2, size=4, quality=(0.0, -0.002, 0.002))
    place = places([large, small])
    assert place[1] == ((), (2,), ())
    assert place[2] == ((), (), ())


def test_equal_points_are_both_free_and_know_each_other() -> None:
    assert places([point(1, size=2, quality=0), point(2, size=2, quality=0)]) == {
        1: ((), (), (2,)),
        2: ((), (), (1,)),
    }


def test_a_point_without_speed_is_dominated_on_what_it_has_but_dominates_nothing_faster() -> None:
    slow = point(1, size=2, quality=0, speed=1)
    unknown = point(2, size=1, quality=0)
    huge = point(3, size=4, quality=0)
    place = places([slow, unknown, huge])
    assert place[2].dominators == (1, 3)
    assert place[1].dominators == place[3].dominators == ()


@given(clouds())
def test_some_point_is_free_and_what_is_free_is_dominated_by_none(points: list[Point]) -> None:
    found = places(points)
    free = [p for p in points if not found[p.number].dominators]
    assert free
    assert not any(dominates(other, p) for p in free for other in points)


@given(clouds())
def test_domination_has_no_circles_and_is_never_by_chance_alone(points: list[Point]) -> None:
    for one in points:
        assert not dominates(one, one)
        for other in points:
            if dominates(one, other):
                assert not dominates(other, one)
                sure = [relation(one.axes[n], own) for n, own in other.axes.items()]
                assert "better" in sure
                assert "worse" not in sure


@given(st.lists(st.tuples(SMALL, SMALL), max_size=12))
def test_the_staircase_leads_down_over_all_points(points: list[tuple[float, float]]) -> None:
    steps = staircase(points)
    assert set(steps) <= set(points)
    assert steps == sorted(steps)
    assert [y for _, y in steps] == sorted((y for _, y in steps), reverse=True)
    for x, y in points:
        assert any(a >= x and b >= y for a, b in steps)


def test_the_staircase_of_nothing_is_empty() -> None:
    assert staircase([]) == []
    assert staircase([(1, 1), (2, 0), (1, 0)]) == [(1, 1), (2, 0)]


@pytest.mark.parametrize("value", [-1.5, 0.0, 2.0])
def test_a_turned_figure_is_turned_back_by_turning(value: float) -> None:
    estimate = Estimate(value, value - 1, value + 2)
    assert estimate.turned().turned() == estimate
    assert estimate.turned().low <= estimate.turned().value <= estimate.turned().high
