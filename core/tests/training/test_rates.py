"""Schedules of sparsity and learning rate, by their formulas."""

from __future__ import annotations

from typing import Any

import pytest
from boildown import Train, learning_rate_at, sparsity_at


@pytest.mark.parametrize(
    ("schedule", "step", "wanted"),
    [
        ("one-shot", 0, 0.8),
        ("linear", 0, 0.0),
        ("linear", 25, 0.2),
        ("linear", 100, 0.8),
        ("cubic", 0, 0.0),
        ("cubic", 50, 0.7),
        ("cubic", 100, 0.8),
        ("cubic", 1000, 0.8),
    ],
)
def test_sparsity_follows_its_schedule(schedule: Any, step: int, wanted: float) -> None:
    found = sparsity_at(step, final=0.8, schedule=schedule, steps=100)
    assert found == pytest.approx(wanted)


def test_a_ramp_starts_at_the_sparsity_that_is_there() -> None:
    assert sparsity_at(0, final=0.8, schedule="cubic", steps=10, initial=0.5) == 0.5


def test_a_ramp_of_no_steps_is_at_its_end() -> None:
    assert sparsity_at(0, final=0.8, schedule="linear", steps=0) == 0.8


@pytest.mark.parametrize(
    ("schedule", "half", "last"), [("constant", 1, 1), ("linear", 0.5, 0.01), ("cosine", 0.5, 0)]
)
def test_learning_rates_follow_their_schedule(schedule: Any, half: float, last: float) -> None:
    settings = Train(learning_rate=1.0, schedule=schedule)
    rates = [learning_rate_at(step, 100, settings) for step in (0, 50, 99)]
    assert rates == pytest.approx([1, half, last], abs=1e-3)
