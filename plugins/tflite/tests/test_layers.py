"""The layers of a file are those of the source, decoded from what is stored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from boildown import LayerState, ModelError, Quantize, UnsupportedError, layer_state, source_layers
from boildown.testing.builder import Graph
from boildown_tflite.convert import Io, Mode, to_tflite
from boildown_tflite.flatbuffer import read_bytes, write_names
from boildown_tflite.layers import layers
from boildown_tflite.naming import ENTRY
from files import MODES, NATIVE, converted, network, samples, written
from onnx import TensorProto, numpy_helper
from twins import Made, Twins

from .jobs import form, normalised, run
from .jobs import weights as held

FOLDED = "stem/conv"


def weights(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    stored = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    return {layer.name: stored[layer.weight] for layer in source_layers(model)}


def states(content: bytes, made: Made, folder: Path) -> dict[str, LayerState]:
    return {state.layer: state for state in layers(*written(content, made.onnx, folder))}


@pytest.mark.parametrize(("mode", "io"), [*MODES, *NATIVE])
def test_every_layer_has_the_name_and_shape_of_the_source(
    mode: Mode, io: Io, tmp_path: Path
) -> None:
    found = states(converted(mode, io).content, network(), tmp_path)
    assert {name: state.shape for name, state in found.items()} == {
        name: array.shape for name, array in weights(network().onnx).items()
    }


def test_a_float_file_holds_the_numbers_of_the_source(tmp_path: Path) -> None:
    found = states(converted("float32").content, network(), tmp_path)
    for name, array in weights(network().onnx).items():
        same = found[name].values_digest == layer_state(
            name, array, bits=32, payload_bytes=0
        ).values_digest  # fmt: skip
        assert same == (name != FOLDED), name


def test_halves_are_the_rounded_numbers_in_16_bits(tmp_path: Path) -> None:
    found = states(converted("float16").content, network(), tmp_path)
    for name, array in weights(network().onnx).items():
        assert (found[name].bits, found[name].payload_bytes) == (16, 2 * array.size)
        rounded = layer_state(name, array.astype(np.float16), bits=16, payload_bytes=0)
        assert name == FOLDED or found[name].values_digest == rounded.values_digest


def test_int8_takes_a_byte_a_weight_with_scales(tmp_path: Path) -> None:
    found = states(converted("int8").content, network(), tmp_path)
    scale_and_zero = 12
    for name, array in weights(network().onnx).items():
        channels = 6 if name == "up" else len(array)
        assert found[name].bits == 8
        assert found[name].payload_bytes == array.size + channels * scale_and_zero
        assert found[name].distinct_values <= 255 * channels


def test_layers_that_a_dynamic_file_leaves_are_in_32_bits(tmp_path: Path) -> None:
    found = states(converted("dynamic").content, network(), tmp_path)
    kept = {name for name, state in found.items() if state.bits == 32}
    assert kept == set(converted("dynamic").left)
    assert found["up"].bits == 8


def test_one_filter_of_two_layers_is_divided_between_them(tmp_path: Path) -> None:
    made = network("same filter twice")
    found = states(converted("float32", name="same filter twice").content, made, tmp_path)
    assert found["first"].values_digest == found["second"].values_digest
    assert found["first"].payload_bytes == 4 * 8 * 8 * 9 // 2


def test_a_table_and_the_classifier_that_shares_it_are_both_in_the_file(tmp_path: Path) -> None:
    graph = Graph(0)
    table = graph.weight("table", 16, 8)
    x = graph.node("Flatten", [graph.node("Gather", [table, "ids"], "look")], "flat")
    x = graph.relu(graph.dense(x, "hidden", 40, 8))
    model = graph.model({"ids": (5,)}, graph.node("Gemm", [x, table], "scores", transB=1))
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.INT64
    source = normalised(model, tmp_path)
    result = run(source, Quantize(weights="int8"))
    assert result.layers is not None, result.layers_reason
    assert [state.layer for state in result.layers] == ["look", "hidden", "scores"]
    assert set(held(source, form(result))) == {"look", "hidden", "scores"}


@pytest.mark.parametrize("bias", [0.3, [0.3]], ids=["number", "one element"])
def test_a_product_with_a_sum_of_its_own_is_found(bias: object, tmp_path: Path) -> None:
    graph = Graph(0)
    x = graph.relu(graph.dense("x", "first", 10, 6))
    last = [x, graph.weight("last.weight", 6, 4), graph.constant("last.bias", bias)]
    model = graph.model({"x": (10,)}, graph.node("Gemm", last, "last"))
    source = normalised(model, tmp_path)
    assert set(held(source, form(run(source)))) == {"first", "last"}


@pytest.mark.parametrize("mode", ["float32", "int8"])
def test_zeros_stay_zeros_where_a_batch_norm_is_folded(mode: Mode, tmp_path: Path) -> None:
    g = Twins(5)
    weight = g.normal(8, 3, 3, 3)
    weight[np.abs(weight) < np.quantile(np.abs(weight), 0.5)] = 0
    x = g.relu(g.norm(g.conv(g.start, "stem", 8, weight=weight), "norm"), "act")
    made = g.finished(y=g.dense(g.mean(x, "mean"), "fc", 4))
    content = to_tflite(made.keras, made.onnx, made.layers, mode, [samples()]).content
    zeros = states(content, made, tmp_path)["stem"].sparsity
    # Rounding to int8 makes zeros of its own, of what is less than half a quantum.
    assert 0.5 <= zeros < (0.501 if mode == "float32" else 0.55)


def test_a_file_of_another_tool_is_refused(tmp_path: Path) -> None:
    content = converted("float32").content
    file = read_bytes(content)
    bare = write_names(content, {}, file.input_names, file.output_names, {ENTRY: b"[]"})
    with pytest.raises(ModelError, match=ENTRY):
        layers(*written(bare, network().onnx, tmp_path))


def test_layers_that_are_missing_are_named_with_the_reason(tmp_path: Path) -> None:
    made = network()
    known = {k: v for k, v in made.layers.items() if v != "up"}
    content = to_tflite(made.keras, made.onnx, known, "float32").content
    with pytest.raises(UnsupportedError, match="'up': it has become no layer"):
        layers(*written(content, made.onnx, tmp_path))
