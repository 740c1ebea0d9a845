"""What a step should have done and has not, from decoded layers alone."""

from __future__ import annotations

import numpy as np
import pytest
from boildown import Layer, Prune, Quantize, layer_state
from boildown.testing.effects import lost_zeros, missing_effect

LAYER = Layer(name="l", node="l", op="MatMul", weight="w", shape=(64, 32), axis=1)
DENSE = np.random.default_rng(0).standard_normal((64, 32)).astype(np.float32)
BEFORE = {"l": layer_state("l", DENSE, bits=32, payload_bytes=8192)}


@pytest.mark.parametrize("step", [Prune(structure="2:4"), Prune(sparsity=0.5)])
def test_lost_zeros_are_named_whatever_has_made_them(step: Prune) -> None:
    (said,) = lost_zeros(step, [LAYER], BEFORE)
    assert said.startswith("of the 50% zeros of the step before, 0.0% are left")
    half = np.where(np.abs(DENSE) < np.median(np.abs(DENSE)), 0, DENSE)
    kept = {"l": layer_state("l", half, bits=32, payload_bytes=8192)}
    assert lost_zeros(step, [LAYER], kept) == []


@pytest.mark.parametrize("block_size", [None, 16, 32])
def test_codes_of_8_bits_are_no_blocks_of_4(block_size: int | None) -> None:
    """Scales of so many blocks leave as many values as any codes."""
    step = Quantize(weights="int4", granularity="block", block_size=block_size)
    found = {}
    for bits in (8, 4):
        scale = np.abs(DENSE).max(axis=0) / (2 ** (bits - 1) - 1)
        values = (np.rint(DENSE / scale) * scale).astype(np.float32)
        after = {"l": layer_state("l", values, bits=bits, payload_bytes=256 * bits)}
        found[bits] = missing_effect(step, [LAYER], BEFORE, after, {}, approximated=False)
    assert found[4] == []
    assert "is stored in 8 bits" in found[8][0]
