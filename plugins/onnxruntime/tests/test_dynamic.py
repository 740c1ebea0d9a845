"""Dynamic quantization: unsigned codes, names of layers, networks that it does not concern."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from boildown import Quantize
from boildown.recipe.steps import Layers
from boildown.testing.builder import Graph
from onnx import numpy_helper

from .conftest import Kit, session, shipped, states

DYNAMIC = Quantize(activations="dynamic")


@pytest.mark.parametrize("network", ["transformer", "two_inputs", "shared", "scaled_gemm"])
def test_weights_are_affine_codes_of_eight_bits(network: str, kit: Callable[..., Kit]) -> None:
    made = kit(network)
    found = made.weights(shipped(made.run(DYNAMIC)))
    for name, weight in made.weights().items():
        low, high = min(weight.min(), 0), max(weight.max(), 0)
        scale = (high - low) / 255
        zero = np.rint(-low / scale)
        wanted = (np.clip(np.rint(weight / scale) + zero, 0, 255) - zero) * scale
        # A weight halfway between two codes may go either way.
        assert np.abs(found[name] - wanted).max() < 1.01 * scale, name
        assert np.mean(np.abs(found[name] - wanted) > 1e-5) < 0.01, name


@pytest.mark.parametrize("network", ["cnn", "two_inputs", "scaled_gemm"])
def test_nothing_is_left_in_floats(network: str, kit: Callable[..., Kit], tmp_path: Path) -> None:
    made = kit(network)
    result = made.run(DYNAMIC)
    session(shipped(result), tmp_path / "optimized.onnx")
    ops = {node.op_type for node in onnx.load(tmp_path / "optimized.onnx").graph.node}
    assert not ops & {"Conv", "FusedConv", "Gemm", "FusedGemm", "MatMul"}
    assert {state.bits for state in states(result).values()} == {8}


def test_only_selected_layers_become_integers(kit: Callable[..., Kit]) -> None:
    made = kit()
    result = made.run(Quantize(activations="dynamic", layers=Layers(include=("type:Gemm",))))
    changed = {name for name, state in states(result).items() if state.bits == 8}
    assert changed == {"hidden", "head"}


def test_a_gemm_that_is_left_out_stays_what_it_was(kit: Callable[..., Kit]) -> None:
    made = kit()
    result = made.run(Quantize(activations="dynamic", layers=Layers(exclude=("head",))))
    assert {name for name, state in states(result).items() if state.bits == 32} == {"head"}
    nodes = {node.name: node for node in onnx.load(shipped(result)).graph.node}
    assert (nodes["head"].domain, nodes["head"].op_type) == ("", "Gemm")
    np.testing.assert_array_equal(made.weights(shipped(result))["head"], made.weights()["head"])


def test_layers_that_it_does_not_concern_stay_with_a_note(kit: Callable[..., Kit]) -> None:
    made = kit("recurrent")
    chosen = Layers(include=("embedding",))
    result = made.run(Quantize(activations="dynamic", layers=chosen))
    assert [warning.code for warning in result.steps[0].warnings] == ["NOTE"]
    assert result.steps[0].artifact.digest != ""
    assert result.steps[0].artifact.path.read_bytes() == made.source.read_bytes()
    np.testing.assert_array_equal(made.output(shipped(result)), made.output(made.source))


def test_no_note_where_it_does_its_work(kit: Callable[..., Kit]) -> None:
    assert not kit().run(DYNAMIC).steps[0].warnings


def test_tables_that_are_no_layers_stay_as_they_are(kit: Callable[..., Kit]) -> None:
    graph = Graph(0)
    table = np.random.default_rng(0).normal(size=(1, 16, 8)).astype(np.float32)
    best = graph.node("ArgMax", ["x"], "best", axis=1, keepdims=0)
    rows = graph.node("Gather", [graph.constant("table", table), best], "rows", axis=1)
    turned = graph.node("Transpose", [rows], "turned", perm=[1, 0, 2])
    flat = graph.node("Flatten", [turned], "flat")
    model = graph.model(
        {"x": (16,)}, graph.node("MatMul", [flat, graph.weight("mm.weight", 8, 8)], "mm")
    )
    made = kit(model)
    result = made.run(Quantize(activations="dynamic", layers=Layers(include=("mm",))))
    stored = {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in onnx.load(shipped(result)).graph.initializer
    }
    (kept,) = [array for array in stored.values() if array.size == table.size]
    np.testing.assert_array_equal(kept.reshape(table.shape), table)
