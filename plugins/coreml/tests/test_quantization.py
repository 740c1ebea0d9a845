"""Activations in 8 bits and numbers of 16, value by value."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boildown_coreml.translator import translate
from programs import IOS17, mb, run, save


@pytest.mark.parametrize("kind", ["int8", "uint8"])
def test_activations_are_rounded_to_their_grid_and_back(kind: str, tmp_path: Path) -> None:
    limits = np.iinfo(kind)
    scale, zero = np.float32(0.125), np.array(3, kind)
    x = np.array([[0.0625, 0.1875, -0.0625, 40, -40, 1.3]], np.float32)  # halves go to even codes

    def build(x0: Any) -> Any:
        codes = mb.quantize(input=x0, scale=scale, zero_point=zero, output_dtype=kind)
        return mb.dequantize(input=codes, scale=scale, zero_point=zero)

    (found,) = run(translate(save(tmp_path, build, x, target=IOS17)), x)
    codes = np.clip(np.round(x / scale) + zero, limits.min, limits.max)
    np.testing.assert_array_equal(found, (codes - zero) * scale)


def test_activations_have_a_grid_for_each_channel(tmp_path: Path) -> None:
    scale = np.array([0.5, 2], np.float32)
    x = np.array([[[1.3, -0.7], [3.3, -5.2]]], np.float32)

    def build(x0: Any) -> Any:
        codes = mb.quantize(input=x0, scale=scale, axis=1, output_dtype="int8")
        return mb.dequantize(input=codes, scale=scale, axis=1)

    (found,) = run(translate(save(tmp_path, build, x, target=IOS17)), x)
    np.testing.assert_array_equal(found, [[[1.5, -0.5], [4, -6]]])


def test_float16_is_simulated_value_by_value(tmp_path: Path) -> None:
    x = np.array([[1.0009, 3000.7, 65000, 1e-9]], np.float32)

    def build(x0: Any) -> Any:
        half = mb.cast(x=x0, dtype="fp16")
        return mb.cast(x=mb.mul(x=half, y=np.float16(3)), dtype="fp32")

    package = save(tmp_path, build, x, target=IOS17)
    with np.errstate(over="ignore"):
        wanted = (x.astype(np.float16) * np.float16(3)).astype(np.float32)
    np.testing.assert_array_equal(run(translate(package, "float16"), x)[0], wanted)
    np.testing.assert_array_equal(run(translate(package), x)[0], x * 3)
