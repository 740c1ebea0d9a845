from __future__ import annotations

import math

import numpy as np
import pytest
from boildown.model.histogram import Histogram, histogram, in_same_bins
from hypothesis import given
from hypothesis import strategies as st

#: float32 and what a toolkit may make of it, from the smallest to the largest.
NUMBERS = st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), max_size=50)


def of(values: list[float]) -> Histogram | None:
    distinct, counts = np.unique(np.array(values, np.float32), return_counts=True)
    return histogram(distinct, counts)


def bins(found: Histogram) -> list[tuple[float, int]]:
    """Return the lower edge and the count of each bin."""
    width = math.ldexp(1.0, found.exponent)
    return [((found.first + i) * width, count) for i, count in enumerate(found.counts)]


def test_values_are_counted_between_edges_that_are_multiples_of_the_width() -> None:
    found = of([0.0, 1.0, 1.01, -1.0, 0.5, 0.5])
    assert found is not None
    assert found.exponent == -4
    assert {edge: count for edge, count in bins(found) if count} == {-1.0: 1, 0.5: 2, 1.0: 2}


def test_zeros_are_left_out_and_nothing_but_zeros_has_no_bins() -> None:
    assert of([0.0, -0.0]) is None
    assert of([]) is None
    found = of([0.0, 2.0])
    assert found is not None
    assert found.counts == (1,)


@given(NUMBERS)
def test_every_value_is_in_its_bin_and_there_are_few_bins(values: list[float]) -> None:
    found = of(values)
    if found is None:
        assert not any(np.float32(values))
        return
    assert len(found.counts) <= 64
    edges = [edge for edge, _ in bins(found)]
    width = math.ldexp(1.0, found.exponent)
    for (edge, count), own in zip(bins(found), edges, strict=True):
        inside = [v for v in values if v and own <= v < own + width]
        assert len(inside) == count, edge


@given(NUMBERS, NUMBERS)
def test_two_are_brought_to_the_same_bins_without_losing_a_value(
    left: list[float], right: list[float]
) -> None:
    one, other = of(left), of(right)
    if one is None or other is None:
        return
    if abs(one.exponent - other.exponent) > 100:
        return
    first, second = in_same_bins(one, other)
    assert (first.exponent, first.first) == (second.exponent, second.first)
    assert len(first.counts) == len(second.counts) <= 64
    assert sum(first.counts) == sum(one.counts)
    assert sum(second.counts) == sum(other.counts)


def test_bins_that_are_widened_are_those_of_wider_ones_from_the_start() -> None:
    values = list(np.random.default_rng(0).normal(size=500).astype(np.float32))
    narrow, wide = of(values), of([*values, 40.0])
    assert narrow is not None
    assert wide is not None
    widened, _ = in_same_bins(narrow, wide)
    assert {e: c for e, c in bins(widened) if c} == {e: c for e, c in bins(wide) if c and e < 32}


@pytest.mark.parametrize("scale", [1e-42, 1e-30, 1e30])
def test_very_small_and_very_large_values_are_counted(scale: float) -> None:
    found = of([scale, -scale])
    assert found is not None
    assert sum(found.counts) == 2
