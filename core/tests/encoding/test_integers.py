"""Codes with the least error: against the full range, against the error that there is to gain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from boildown.encoding.integers import over_the_whole_range, with_least_error

ROWS = (1,)


def weight(outlier: float = 1.0, seed: int = 0) -> np.ndarray:
    """Return 6 rows of 400 normal numbers; the greatest of each is multiplied by `outlier`."""
    values = np.random.default_rng(seed).standard_normal((6, 400)).astype(np.float32)
    places = np.arange(6), np.abs(values).argmax(axis=1)
    values[places] *= outlier
    return values


def errors(found: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    result: np.ndarray = ((found - wanted) ** 2).sum(axis=1)
    return result


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_no_row_has_a_greater_error_than_over_the_whole_range(
    bits: int, *, symmetric: bool
) -> None:
    for values in (weight(), weight(outlier=3)):
        whole = over_the_whole_range(values, bits, ROWS, symmetric=symmetric)
        least = with_least_error(values, bits, ROWS, symmetric=symmetric)
        assert (errors(least.real, values) <= errors(whole.real, values) * (1 + 1e-6)).all()


def test_few_bits_gain_much_and_eight_gain_little() -> None:
    gains = {}
    for bits in (3, 8):
        whole = over_the_whole_range(weight(), bits, ROWS, symmetric=True).real
        least = with_least_error(weight(), bits, ROWS, symmetric=True).real
        gains[bits] = 1 - errors(least, weight()).sum() / errors(whole, weight()).sum()
    assert gains[3] > 0.2
    assert gains[8] < 0.05


def test_each_row_chooses_for_itself() -> None:
    values = weight()
    values[0] = np.sign(values[0])  # nothing to clip here
    scale = with_least_error(values, 4, ROWS, symmetric=True).scale.ravel()
    assert scale[0] == np.float32(1 / 7)
    assert (scale[1:] < np.abs(values).max(axis=1)[1:] / 7).all()


@pytest.mark.parametrize("encode", [with_least_error, over_the_whole_range])
@pytest.mark.parametrize("symmetric", [True, False])
def test_zeros_stay_zeros_and_a_row_of_zeros_is_no_trouble(
    encode: Callable[..., object], *, symmetric: bool
) -> None:
    values = weight()
    values[:, ::2] = 0
    values[3] = 0
    found = encode(values, 3, ROWS, symmetric=symmetric).real  # type: ignore[attr-defined]
    assert not found[values == 0].any()
    assert np.isfinite(found).all()


@pytest.mark.parametrize("bits", [2, 3, 4])
@pytest.mark.parametrize("tail", ["normal", "laplace", "one far out"])
def test_the_error_is_the_least_that_clipping_can_reach(bits: int, tail: str) -> None:
    random = np.random.default_rng(0)
    values = random.laplace(size=(4, 1152)) if tail == "laplace" else random.normal(size=(4, 1152))
    if tail == "one far out":
        values[:, 0] = 10 * values.std()
    values = values.astype(np.float32)
    most = 2 ** (bits - 1) - 1
    least = np.full(4, np.inf)
    for share in np.linspace(1, 0.4, 61):
        scale = np.abs(values).max(axis=1, keepdims=True) * share / most
        tried = np.clip(np.rint(values / scale), -most, most) * scale
        least = np.minimum(least, errors(tried, values))
    found = with_least_error(values, bits, ROWS, symmetric=True)
    assert (errors(found.real, values) <= 1.05 * least).all()
