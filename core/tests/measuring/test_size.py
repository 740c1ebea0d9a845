from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import pytest
from boildown import Artifact, LayerState, layer_state
from boildown.errors import UsageError
from boildown.measuring.size import measure_size
from boildown.model.deflate import deflated_bytes
from hypothesis import given, settings
from hypothesis import strategies as st


def state(values: np.ndarray, payload: int, name: str = "l") -> LayerState:
    return layer_state(name, values, bits=8, payload_bytes=payload)


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    (tmp_path / "model.bin").write_bytes(bytes(5000))
    return Artifact(path=tmp_path / "model.bin")


def test_bytes_are_those_of_the_file_and_of_its_zlib_stream(artifact: Artifact) -> None:
    size = measure_size(artifact, None, 10)
    assert (size.bytes, size.deflated_bytes) == (5000, len(zlib.compress(bytes(5000), 6)))
    assert (size.bits_per_weight, size.entropy_bits_per_weight) == (None, None)


def test_a_folder_is_weighed_with_all_its_files_in_any_order(tmp_path: Path) -> None:
    content = np.random.default_rng(0).bytes(4000)
    for folder, names in (("a", ["x", "y/z"]), ("b", ["y/z", "x"])):
        for name in names:
            (tmp_path / folder / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / folder / name).write_bytes(content)
    one, other = (Artifact(path=tmp_path / name, format="mlpackage") for name in "ab")
    assert one.bytes == 8000
    # The second file repeats the first within the window, so it is nearly free.
    assert 4000 < deflated_bytes(one) == deflated_bytes(other) < 4200


def test_bits_are_counted_per_weight_of_the_original(artifact: Artifact) -> None:
    kept = np.array([0, 0, 1, 2], np.float32)
    size = measure_size(artifact, [state(kept, 4), state(kept, 2, "m")], 16)
    assert size.bits_per_weight == 6 * 8 / 16
    assert size.entropy_bits_per_weight == pytest.approx(2 * 4 * 1.5 / 16)


@settings(deadline=None, max_examples=25)
@given(sparsity=st.floats(0.05, 0.95), bits=st.integers(1, 6), seed=st.integers(0, 99))
def test_the_entropy_of_sparse_codes_is_that_of_zeros_and_codes(
    sparsity: float, bits: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    codes = rng.integers(1, 2**bits + 1, size=4000)
    values = np.where(rng.random(4000) < sparsity, 0, codes).astype(np.float32)
    shares = np.unique(values[values != 0], return_counts=True)[1] / np.count_nonzero(values)
    zeros = np.mean(values == 0)
    binary = -(zeros * np.log2(zeros) + (1 - zeros) * np.log2(1 - zeros))
    expected = binary - (1 - zeros) * (shares * np.log2(shares)).sum()
    assert state(values, 1).entropy_bits / 4000 == pytest.approx(expected)


def test_scales_per_channel_may_store_less_than_the_entropy_of_the_values(
    artifact: Artifact,
) -> None:
    codes = np.tile(np.arange(-8, 8, dtype=np.float32), (64, 1))
    scales = np.linspace(1, 2, 64, dtype=np.float32)[:, None]
    layer = layer_state("l", codes * scales, bits=4, payload_bytes=codes.size // 2 + 64 * 4)
    size = measure_size(artifact, [layer], codes.size)
    assert size.bits_per_weight == 4 + 2
    assert size.entropy_bits_per_weight is not None
    assert size.entropy_bits_per_weight > 9


def test_deep_compressions_own_figure_comes_out() -> None:
    """AlexNet at 11 % kept with 4.2-bit codes: H_b(0.89) + 0.11 x 4.2 is 32.9 times below 32."""
    kept, codes = 0.11, round(2**4.2)
    values = np.zeros(100_000, np.float32)
    count = int(kept * values.size)
    values[:count] = 1 + np.arange(count) % codes
    assert 32 / (state(values, 1).entropy_bits / values.size) == pytest.approx(33, abs=0.5)


@pytest.mark.parametrize("weights", [0, -1])
def test_bits_per_weight_need_weights(artifact: Artifact, weights: int) -> None:
    with pytest.raises(UsageError, match=r"model\.bin: bits per weight need the number"):
        measure_size(artifact, None, weights)


def test_a_weight_that_serves_two_layers_has_one_entropy(artifact: Artifact) -> None:
    values = np.arange(16, dtype=np.float32)
    both = [layer_state(name, values, bits=8, payload_bytes=8) for name in ("a", "b")]
    size = measure_size(artifact, both, 16, {"a": "w", "b": "w"})
    assert size.entropy_bits_per_weight == pytest.approx(4)
    assert measure_size(artifact, both, 16).entropy_bits_per_weight == pytest.approx(8)
