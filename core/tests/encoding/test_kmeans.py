"""Weight sharing against an exact solution, and what each way to start promises."""

from __future__ import annotations

import numpy as np
import pytest
from boildown.encoding.kmeans import shared_values
from boildown.encoding.optimal import best_centres
from hypothesis import given, settings
from hypothesis import strategies as some

INITS = (None, "kmeans", "linear", "density", "random")


def normal(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(count).astype(np.float32)


def shared(values: np.ndarray, count: int, init: str | None = None, seed: int = 0) -> np.ndarray:
    return shared_values(values, count, init, np.random.default_rng(seed))


def error(values: np.ndarray, result: np.ndarray) -> float:
    return float(((values - result).astype(np.float64) ** 2).sum())


def least_error(values: np.ndarray, count: int) -> float:
    """Return the least error that `count` values can have, by the plainest dynamic programming."""
    x = np.sort(values.astype(np.float64))
    best = [error(x[:stop], np.full(stop, x[:stop].mean())) if stop else 0.0
            for stop in range(len(x) + 1)]  # fmt: skip
    for _value in range(count - 1):
        sums = np.cumsum(x), np.cumsum(x * x)
        best = [min(best[a] + _spread(sums, a, b) for a in range(b + 1)) for b in range(len(best))]
    return best[-1]


def _spread(sums: tuple[np.ndarray, np.ndarray], start: int, stop: int) -> float:
    if stop <= start:
        return 0.0
    total, square = (s[stop - 1] - (s[start - 1] if start else 0.0) for s in sums)
    return float(square - total**2 / (stop - start))


@pytest.mark.parametrize("seed", range(4))
def test_without_an_init_small_layers_get_the_least_error_there_is(seed: int) -> None:
    values = normal(150, seed)
    assert error(values, shared(values, 8)) == pytest.approx(least_error(values, 8), rel=1e-4)


def test_the_reference_finds_a_drawn_start_wanting() -> None:
    """Negative control: Lloyd's algorithm alone does not reach what the test above asks for."""
    values = normal(150)
    assert error(values, shared(values, 8, "random")) > 1.01 * least_error(values, 8)


#: Seed and number of normal weights -> least error with 16 values, by kmeans1d 0.5 (exact).
EXACT = {
    (0, 1_000): 8.67285,
    (1, 1_000): 8.90147,
    (0, 20_000): 186.775,
    (1, 20_000): 185.559,
    (0, 200_000): 1913.19,
}


@pytest.mark.parametrize(("seed", "count"), EXACT)
def test_of_normal_weights_sixteen_values_are_within_one_percent_of_exact(
    seed: int, count: int
) -> None:
    values = normal(count, seed)
    assert 1 - 1e-5 < error(values, shared(values, 16)) / EXACT[seed, count] < 1.01


@pytest.mark.parametrize("init", ["kmeans", "linear", "density", "random"])
def test_every_start_comes_near_on_a_large_layer(init: str) -> None:
    values = normal(200_000)
    assert error(values, shared(values, 16, init)) / EXACT[0, 200_000] < 1.02


@pytest.mark.parametrize("init", INITS)
@settings(max_examples=40, deadline=None)
@given(
    values=some.lists(some.floats(-1e6, 1e6, width=32), min_size=1, max_size=40),
    count=some.integers(1, 20),
)
def test_any_numbers_are_shared(init: str | None, values: list[float], count: int) -> None:
    given_values = np.array(values, np.float32)
    result = shared(given_values, count, init)
    assert result.shape == given_values.shape
    assert result.dtype == np.float32
    assert len(np.unique(result)) <= count
    assert given_values.min() <= result.min() <= result.max() <= given_values.max()


@pytest.mark.parametrize("init", INITS)
def test_each_weight_gets_the_nearest_of_the_values(init: str | None) -> None:
    values = normal(500)
    result = shared(values, 7, init)
    nearest = np.abs(values[:, None] - np.unique(result)).min(axis=1)
    np.testing.assert_allclose(np.abs(values - result), nearest, atol=1e-6)


@pytest.mark.parametrize("init", INITS)
def test_the_same_seed_gives_the_same_values(init: str | None) -> None:
    values = normal(3000)
    assert np.array_equal(shared(values, 16, init, seed=3), shared(values, 16, init, seed=3))


@pytest.mark.parametrize("init", ["kmeans", "random"])
def test_another_seed_starts_elsewhere(init: str) -> None:
    values = normal(3000)
    assert not np.array_equal(shared(values, 16, init, seed=1), shared(values, 16, init, seed=2))


def test_few_distinct_weights_stay_as_they_are() -> None:
    values = np.float32([[0, 1], [1, -2]])
    assert shared(values, 3) is values


@pytest.mark.parametrize("offset", [0.0, 1000.0])
def test_weights_far_from_zero_are_shared_as_well_as_those_around_it(offset: float) -> None:
    values = normal(400).astype(np.float64)
    result = shared(values + offset, 16)
    assert error(values + offset, result) == pytest.approx(error(values, shared(values, 16)), 1e-6)


def test_a_crowd_with_a_far_tail_is_shared_well() -> None:
    values = np.random.default_rng(0).standard_t(2.2, 20_000)
    ours, drawn = shared(values, 16), shared(values, 16, "kmeans")
    assert error(values, ours) <= error(values, drawn)


def test_weights_that_stand_more_often_count_more() -> None:
    centres = best_centres(np.array([0.0, 1.0, 10.0]), np.array([3, 1, 1]), 2)
    np.testing.assert_allclose(centres, [0.25, 10.0])


def test_a_value_never_lies_beyond_the_weights_however_far_apart_they_are() -> None:
    values = np.float32([1e-05, -87382, -174763])
    assert shared(values, 2, "linear").max() <= values.max()


@pytest.mark.parametrize("init", INITS)
@pytest.mark.parametrize(
    "values",
    [np.zeros(50), np.repeat([1.0, 2.0], 30), np.r_[np.zeros(9999), 1e6], np.arange(20000.0)],
    ids=["constant", "two", "outlier", "many"],
)
def test_odd_distributions_are_clustered(init: str, values: np.ndarray) -> None:
    numbers = values.astype(np.float32)
    result = shared(numbers, 4, init)
    assert result.shape == numbers.shape
    assert len(np.unique(result)) <= 4
    assert np.isfinite(result).all()
    assert np.abs(result - numbers).max() <= np.ptp(numbers) / 2


def sparse(zeros: float, outlier: float | None) -> np.ndarray:
    """Return 36,000 numbers around 0, of which the smallest share is 0 and one lies far out."""
    values = normal(36_000) / 100
    values[np.argsort(np.abs(values))[: int(zeros * len(values))]] = 0
    if outlier:
        values[-1] = outlier
    return values


@pytest.mark.parametrize(
    ("zeros", "outlier", "count"),
    [(0.95, 0.3, 64), (0.95, 0.3, 256), (0.95, None, 256), (0.99, None, 64)],
)
def test_a_sparse_layer_has_as_many_values_and_no_more_error_than_drawn_ones(
    zeros: float, outlier: float | None, count: int
) -> None:
    values = sparse(zeros, outlier)
    best, drawn = (shared(values, count, init) for init in (None, "kmeans"))
    assert len(np.unique(best)) >= 0.95 * count
    assert error(values, best) <= 1.3 * error(values, drawn)


def test_drawn_values_are_not_lost_beside_a_far_one() -> None:
    values = normal(20_000) / 100
    values[0] = 10
    assert len(np.unique(shared(values, 256, "kmeans"))) == 256
