"""The ranges that observers choose, against plain searches over the values themselves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from boildown_onnxruntime.calibrate import _histogram
from boildown_onnxruntime.observe import HALF, LEVELS, OBSERVERS, entropy, mse, percentile
from hypothesis import given, settings
from hypothesis import strategies as some

Values = np.ndarray


def normal(count: int = 200_000, seed: int = 0) -> Values:
    return np.random.default_rng(seed).standard_normal(count).astype(np.float32)


def with_tail(count: int = 200_000) -> Values:
    """Return normal values of which one in a thousand is ten times as large."""
    values = normal(count)
    values[::1000] *= 10
    return values


def rectified(values: Values) -> Values:
    return np.maximum(values, 0)


def chosen(observer: Callable[..., tuple[float, float]], values: Values) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    return observer(_histogram(values, max(-low, high)), low, high)


def rounding_error(values: Values, low: float, high: float) -> float:
    """Return the mean squared error of 256 levels from `low` to `high`."""
    step = (high - low) / (LEVELS - 1)
    rounded = low + np.round((np.clip(values, low, high) - low) / step) * step
    return float(((values - rounded) ** 2).mean())


@pytest.mark.parametrize("make", [normal, with_tail])
@pytest.mark.parametrize("shape", [lambda x: x, rectified])
def test_mse_finds_the_range_of_least_error(
    make: Callable[[], Values], shape: Callable[[Values], Values]
) -> None:
    values = shape(make())
    low, high = float(min(values.min(), 0)), float(values.max())
    least = min(rounding_error(values, s * low, s * high) for s in np.linspace(0.1, 1, 200))
    assert rounding_error(values, *chosen(mse, values)) < 1.02 * least


def test_the_full_range_would_not_be_the_one_of_least_error() -> None:
    values = with_tail()
    full = rounding_error(values, float(values.min()), float(values.max()))
    assert full > 1.2 * rounding_error(values, *chosen(mse, values))


@pytest.mark.parametrize("shape", [lambda x: x, rectified])
def test_percentile_is_that_of_the_absolute_values(shape: Callable[[Values], Values]) -> None:
    values = shape(with_tail())
    low, high = chosen(percentile, values)
    assert max(-low, high) == pytest.approx(np.percentile(np.abs(values), 99.999), rel=0.02)


@pytest.mark.parametrize("shape", [lambda x: x, rectified])
def test_entropy_clips_a_heavy_tail_but_little_of_the_rest(
    shape: Callable[[Values], Values],
) -> None:
    values = shape(np.random.default_rng(0).standard_t(3, 200_000).astype(np.float32))
    low, high = chosen(entropy, values)
    assert high < 0.5 * values.max()
    assert np.mean((values < low) | (values > high)) <= 0.0011


@pytest.mark.parametrize("shape", [lambda x: x, rectified])
@pytest.mark.parametrize("observer", [entropy, percentile])
def test_one_wild_value_does_not_set_the_range(
    observer: Callable[..., tuple[float, float]], shape: Callable[[Values], Values]
) -> None:
    values = np.append(shape(normal()), np.float32(30))
    assert 4 < chosen(observer, values)[1] < 6


@pytest.mark.parametrize("observer", OBSERVERS.values())
def test_a_range_never_grows_and_keeps_its_sides(
    observer: Callable[..., tuple[float, float]],
) -> None:
    for values in (normal(), rectified(normal()), -rectified(normal()), normal() + 3):
        low, high = chosen(observer, values)
        assert values.min() <= low <= high <= values.max()


@pytest.mark.parametrize("observer", OBSERVERS.values())
def test_evenly_spread_values_are_hardly_clipped(
    observer: Callable[..., tuple[float, float]],
) -> None:
    values = np.random.default_rng(0).uniform(-1, 1, 100_000).astype(np.float32)
    low, high = chosen(observer, values)
    assert low < -0.98
    assert high > 0.98


@pytest.mark.parametrize("observer", OBSERVERS.values())
@settings(max_examples=30, deadline=None)
@given(values=some.lists(some.floats(-1e4, 1e4, width=32), min_size=1, max_size=30))
def test_any_values_have_a_finite_range(
    observer: Callable[..., tuple[float, float]], values: list[float]
) -> None:
    array = np.array(values, np.float32)
    reach = float(np.abs(array).max())
    if reach > 1e-30:  # a tensor of zeros has no histogram, and keeps its extremes
        low, high = chosen(observer, array)
        assert np.isfinite([low, high]).all()
        assert -reach <= low <= high <= reach


def test_a_histogram_counts_every_value_in_its_place() -> None:
    values = np.float32([-2, -1, 0, 1, 2, 5])
    counts = _histogram(values, 2.0)
    assert counts.sum() == 6
    assert counts[0] == 1
    assert counts[HALF] == 1
    assert counts[HALF // 2] == 1
    assert counts[-1] == 2  # at the end and beyond


def test_histograms_of_batches_add_up() -> None:
    values = normal(1000)
    whole, parts = _histogram(values, 4.0), [_histogram(v, 4.0) for v in np.split(values, 10)]
    assert np.array_equal(whole, np.sum(parts, axis=0))


def test_a_tensor_of_zeros_has_no_histogram() -> None:
    assert not _histogram(np.zeros(9, np.float32), 0.0).any()
