"""Weights alone are quantized alike for every backend; one bit says what it does not do."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from boildown import (
    Artifact,
    Context,
    Quantize,
    initializers,
    quantize_weights,
    source_layers,
    store_values,
)
from boildown.model.state import onnx_layer_states
from boildown.recipe.steps import Layers
from onnx import numpy_helper

from .conftest import cnn


def bits_after(folder: Path, step: Quantize) -> dict[str, float]:
    onnx.save(cnn(), folder / "source.onnx")
    source = Artifact(path=folder / "source.onnx")
    context = Context(workdir=folder, original=source, steps=(step,))
    outcome = quantize_weights(source, step, context)
    layers = source_layers(source.path)
    return {s.layer: s.bits for s in onnx_layer_states(outcome.artifact.path, layers)}


@pytest.mark.parametrize(("weights", "bits"), [("int8", 8), ("float16", 16), ("bfloat16", 16)])
def test_all_selected_weights_have_the_bits_that_were_asked_for(
    weights: str, bits: int, tmp_path: Path
) -> None:
    found = bits_after(tmp_path, Quantize.model_validate({"weights": weights}))
    assert set(found.values()) == {bits}


def test_a_layer_that_was_left_out_stays_in_float32(tmp_path: Path) -> None:
    name = source_layers_of_cnn(tmp_path)[0]
    found = bits_after(tmp_path, Quantize(layers=Layers(exclude=(name,))))
    assert found.pop(name) == 32
    assert set(found.values()) == {8}


@pytest.mark.parametrize(("weights", "notes"), [("int1", 1), ("int2", 0)])
def test_that_one_bit_is_not_faster_is_said(weights: str, notes: int, tmp_path: Path) -> None:
    onnx.save(cnn(), tmp_path / "source.onnx")
    source = Artifact(path=tmp_path / "source.onnx")
    step = Quantize.model_validate({"weights": weights})
    outcome = quantize_weights(source, step, Context(workdir=tmp_path, original=source))
    assert sum("no kernel" in warning.text for warning in outcome.warnings) == notes


@pytest.mark.parametrize(
    ("kind", "holds", "beyond"), [("float16", 65504, 1e6), ("bfloat16", 1e6, 3.4e38)]
)
def test_weights_that_sixteen_bits_cannot_hold_are_told(
    kind: str, holds: float, beyond: float, tmp_path: Path
) -> None:
    for value, told in ((holds, False), (-beyond, True)):
        model = cnn()
        array = numpy_helper.to_array(initializers(model)["wide.w"]).copy()
        array.flat[:2] = value
        store_values(model, {"wide.w": array})
        onnx.save(model, tmp_path / "source.onnx")
        source, step = Artifact(path=tmp_path / "source.onnx"), Quantize(weights=kind)
        outcome = quantize_weights(source, step, Context(workdir=tmp_path, original=source))
        assert len(outcome.approximations) == told
        assert all("2 numbers are beyond what" in how for how in outcome.approximations)
        assert all("2 of 'wide'" in how for how in outcome.approximations)


def source_layers_of_cnn(folder: Path) -> list[str]:
    onnx.save(cnn(), folder / "cnn.onnx")
    return [layer.name for layer in source_layers(folder / "cnn.onnx")]
