from __future__ import annotations

import time

import ml_dtypes
import numpy as np
import pytest
from boildown import ModelError, layer_state
from boildown.model.state import LayerState
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays


def state(values: np.ndarray) -> LayerState:
    return layer_state("l", values, bits=32, payload_bytes=values.nbytes)


def test_zeros_distinct_values_and_entropy_are_counted() -> None:
    found = state(np.array([[0, 0, 1, 2]], np.float32))
    assert (found.shape, found.sparsity, found.distinct_values) == ((1, 4), 0.5, 3)
    assert found.entropy_bits == pytest.approx(4 * 1.5)


def test_one_value_everywhere_has_no_entropy() -> None:
    found = state(np.full((3, 3), 0.5, np.float32))
    assert (found.entropy_bits, found.sparsity, found.distinct_values) == (0, 0, 1)


def test_only_exact_zeros_are_zeros_and_their_sign_does_not_matter() -> None:
    found = state(np.array([0.0, -0.0, 1e-30, -1e-30], np.float32))
    assert (found.sparsity, found.distinct_values) == (0.5, 3)


@pytest.mark.parametrize("kind", [np.float16, ml_dtypes.bfloat16, np.int8, np.float64, np.int64])
def test_every_number_type_is_described_alike(kind: type) -> None:
    found = state(np.array([0, 1, 1, 3]).astype(kind))
    assert found.values_digest == state(np.array([0, 1, 1, 3], np.float32)).values_digest


def test_doubles_that_float32_cannot_tell_apart_stay_apart() -> None:
    assert state(np.array([1.0, 1.0 + 1e-12])).distinct_values == 2
    assert state(np.array([2**53, 2**53 - 1], np.int64)).distinct_values == 2


def test_the_digest_sees_other_values_with_equal_counts_but_no_other_layout() -> None:
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert state(values).values_digest == state(values.T).values_digest
    assert state(values).values_digest != state(values + 1).values_digest
    assert state(values).values_digest != state(np.append(values, 0)).values_digest


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_refused_by_name(bad: float) -> None:
    with pytest.raises(ModelError, match="'l' holds weights that are not finite"):
        state(np.array([1, bad], np.float32))


def test_a_layer_without_weights_is_refused() -> None:
    with pytest.raises(ModelError, match="'l' has no weights"):
        state(np.zeros((0, 3), np.float32))


@given(arrays(np.float32, st.integers(1, 60), elements=st.sampled_from([0.0, -1.0, 0.5, 2.0])))
def test_entropy_lies_between_zero_and_the_logarithm_of_the_distinct_values(
    values: np.ndarray,
) -> None:
    found = state(values)
    assert 0 <= found.entropy_bits <= values.size * np.log2(found.distinct_values) + 1e-6
    assert found.distinct_values == len(set(values.tolist()))
    assert found.sparsity == pytest.approx(np.mean(values == 0))


def test_two_million_weights_take_well_under_two_cpu_seconds() -> None:
    values = np.random.default_rng(0).normal(size=2_400_000).astype(np.float32)
    start = time.process_time()
    found = state(values)
    assert time.process_time() - start < 2
    assert found.distinct_values > 2_000_000
