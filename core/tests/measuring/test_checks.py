from __future__ import annotations

import pytest
from boildown import DataError, Expect
from boildown.comparison.schema import Metric, Quality
from boildown.measuring.checks import check_expectation, near_chance
from boildown.measuring.statistics import wilson


def judged(value: float | None, n: int = 1000) -> Quality:
    interval = None if value is None else wilson(value * n, n)
    top1 = Metric(name="top1", value=value, n=n, interval=interval, reason="no labels")
    return Quality(task="classification", measured_on="x", metrics=(top1,))


NO_TOP1 = Quality(task="depth", measured_on="x", metrics=())


@pytest.mark.parametrize(
    ("value", "classes", "warned"),
    [
        (0.29, 10, True),
        (0.31, 10, False),
        (0.0029, 1000, True),
        (0.0031, 1000, False),
        (0.74, 2, True),
        (0.76, 2, False),
    ],
)
def test_a_float_model_near_chance_is_warned_of(
    value: float, classes: int, *, warned: bool
) -> None:
    found = near_chance(judged(value), classes)
    assert (found is not None) == warned
    assert found is None or (found.code == "NEAR_CHANCE" and f"{value:.3f}" in found.text)


@pytest.mark.parametrize("quality", [judged(None), NO_TOP1])
def test_without_accuracy_chance_is_no_question(quality: Quality) -> None:
    assert near_chance(quality, 10) is None


@pytest.mark.parametrize(("value", "n"), [(0.918, 10_000), (0.95, 10_000), (0.88, 100)])
def test_a_model_that_meets_its_expectation_within_chance_goes_on(value: float, n: int) -> None:
    check_expectation(judged(value, n), Expect(top1=0.918, tolerance=0.01))


def test_a_model_that_misses_its_expectation_stops_the_run() -> None:
    with pytest.raises(DataError, match=r"top-1 of 0\.8800.*expect\.top1 is 0\.918.*input:"):
        check_expectation(judged(0.88, 10_000), Expect(top1=0.918, tolerance=0.01))


@pytest.mark.parametrize(("quality", "why"), [(judged(None), "no labels"), (NO_TOP1, "no top-1")])
def test_an_expectation_that_cannot_be_checked_is_an_error(quality: Quality, why: str) -> None:
    with pytest.raises(DataError, match=why):
        check_expectation(quality, Expect(top1=0.9))
