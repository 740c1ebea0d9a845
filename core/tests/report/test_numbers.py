from __future__ import annotations

import pytest
from boildown.comparison.schema import Ratio
from boildown.report import numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.06634, "0.0663"),
        (0.6634, "0.663"),
        (2.34, "2.34"),
        (9.996, "10.00"),
        (23.45, "23.4"),
        (234.5, "234"),
        (12345.0, "12,300"),
        (-1.5, "-1.50"),
        (2e-9, "2e-09"),
        (3e12, "3e+12"),
    ],
)
def test_numbers_have_three_significant_digits(value: float, text: str) -> None:
    assert numbers.three_digits(value) == text


def test_megabytes_are_millions_of_bytes() -> None:
    assert [numbers.megabytes(2_340_000), numbers.megabytes(None)] == ["2.34", ""]


@pytest.mark.parametrize(("before", "after"), [(None, 2), (2, None), (0, 2), (2, 0)])
def test_a_ratio_of_nothing_is_empty(before: int | None, after: int | None) -> None:
    assert numbers.times(before, after) == ""


def test_a_ratio_is_before_by_after() -> None:
    assert numbers.times(8, 2) == f"4.00{numbers.TIMES}"


def test_a_measured_ratio_shows_the_farther_end_of_its_interval() -> None:
    measured = Ratio(median=1.52, q1=1.5, q3=1.6, n=30, interval=(1.5, 1.57))
    assert numbers.ratio(measured) == f"1.52{numbers.TIMES} ±0.05"
    assert numbers.ratio(None) == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (0.91234, "0.9123"),
        (0.0, "0.0000"),
        (123.456, "123.5"),
        (0.000012345, "1.234e-05"),
    ],
)
def test_scores_keep_four_digits(value: float | None, text: str) -> None:
    assert numbers.score(value) == text


def test_a_difference_has_a_sign_and_its_interval() -> None:
    assert numbers.difference(-0.0012, (-0.0033, 0.0006), like=0.92) == "-0.0012 ±0.0021"
    assert numbers.difference(0.0012, (0.0, 0.0021), like=0.92) == "+0.0012 ±0.0012"


def test_a_difference_may_stand_without_interval_or_be_missing() -> None:
    assert numbers.difference(0.0, None, like=0.92) == "+0.0000"
    assert numbers.difference(None, None, like=0.92) == ""


def test_a_difference_is_as_precise_as_its_metric() -> None:
    assert numbers.difference(-0.25, None, like=123.4) == "-0.25"
