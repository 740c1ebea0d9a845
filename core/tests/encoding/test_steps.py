"""What the settings of quantize and cluster steps mean for one weight."""

from __future__ import annotations

import numpy as np
import pytest
from boildown import Cluster, Quantize, cluster_weight, encode_weight
from boildown.encoding.integers import over_the_whole_range, with_least_error


def weight(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((4, 6, 50)).astype(np.float32)


def clustered(values: np.ndarray, step: Cluster, axis: int = 0) -> np.ndarray:
    return cluster_weight(values, step, axis, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("granularity", "axis", "shape"),
    [("tensor", 0, (1, 1, 1)), ("channel", 0, (4, 1, 1)), (None, 1, (1, 6, 1))],
)
@pytest.mark.parametrize("kind", ["int8", "int3", "int1"])
def test_scales_belong_to_channels_or_to_the_whole_weight(
    kind: str, granularity: str | None, axis: int, shape: tuple[int, ...]
) -> None:
    found = encode_weight(weight(), Quantize(weights=kind, granularity=granularity), axis)
    assert found.scale.shape == shape
    assert found.real.shape == weight().shape


@pytest.mark.parametrize(("bits", "encode"), [(4, with_least_error), (5, over_the_whole_range)])
def test_left_open_the_observer_clips_where_bits_are_few(bits: int, encode: object) -> None:
    found = encode_weight(weight(), Quantize(weights=f"int{bits}"), 0)
    wanted = encode(weight(), bits, (1, 2), symmetric=True)  # type: ignore[operator]
    assert np.array_equal(found.real, wanted.real)


@pytest.mark.parametrize("symmetric", [True, None])
def test_codes_have_a_zero_of_their_own_only_where_asked(*, symmetric: bool | None) -> None:
    assert encode_weight(weight(), Quantize(symmetric=symmetric), 0).zero is None
    assert encode_weight(weight(), Quantize(symmetric=False), 0).zero is not None


def test_one_bit_is_the_sign_times_the_mean_size() -> None:
    found = encode_weight(weight(), Quantize(weights="int1", granularity="tensor"), 0)
    np.testing.assert_allclose(found.real, np.sign(weight()) * np.abs(weight()).mean(), rtol=1e-6)


@pytest.mark.parametrize("axis", [0, 1])
def test_each_channel_has_values_of_its_own(axis: int) -> None:
    result = clustered(weight(), Cluster(bits=1, granularity="channel"), axis)
    counts = [len(np.unique(row)) for row in np.moveaxis(result, axis, 0)]
    assert counts == [2] * weight().shape[axis]
    assert len(np.unique(clustered(weight(), Cluster(bits=1)))) == 2


def test_kept_zeros_count_as_one_of_the_values() -> None:
    values = np.where(np.abs(weight()) < 0.5, np.float32(0), weight())
    values[0] = 0
    step = Cluster(values=4, keep_sparsity=True)
    result = clustered(values, step)
    assert np.array_equal(result == 0, values == 0)
    assert len(np.unique(result)) == 4
    assert not clustered(values[:1], step).any()


def test_zeros_move_like_others_where_they_need_not_stay() -> None:
    """Negative control of the zeros that are kept."""
    values = np.where(weight() < 0.1, np.float32(0), weight())
    assert (clustered(values, Cluster(values=2)) != 0).all()
