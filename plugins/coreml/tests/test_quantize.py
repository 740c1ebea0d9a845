"""Weights of an ML Program in 16 to 1 bits, and activations in 8."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import pytest
from boildown import OnnxRuntime, Quantize, UnsupportedError, encode_weight, source_layers
from boildown.recipe.steps import Layers
from boildown.testing.builder import Graph
from boildown.testing.graphs import GRAPHS, ending_in
from boildown.testing.jobs import decibels, first_step, fixed_batch
from onnx import ModelProto, numpy_helper
from sources import graph, node, noise

from .jobs import form, normalised, run, samples, states, weights


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return normalised(GRAPHS["plain"](), tmp_path_factory.mktemp("plain"))


@pytest.mark.parametrize(
    ("word", "bits"),
    [("float16", 16), ("int8", 8), ("int7", 8), ("int6", 6), ("int5", 6), ("int4", 4), ("int3", 3),
     ("int2", 2), ("int1", 1)],
)  # fmt: skip
def test_weights_take_the_bits_that_were_asked_or_the_next_that_core_ml_has(
    word: str, bits: int, source: Path
) -> None:
    result = run(source, Quantize.model_validate({"weights": word}))
    assert {state.bits for state in states(result).values()} == {bits}
    wider = [w.text for w in result.steps[0].warnings if "none of" in w.text]
    assert bool(wider) == (word in {"int7", "int5"})


@pytest.mark.parametrize("word", ["int8", "int4"])
@pytest.mark.parametrize("granularity", ["channel", "tensor"])
def test_codes_are_those_of_the_whole_range(word: str, granularity: str, source: Path) -> None:
    step = Quantize.model_validate({"weights": word, "granularity": granularity})
    found = weights(source, form(run(source, step)))
    plain, wanted = step.model_copy(update={"observer": "minmax"}), weights(source, source)
    for layer in source_layers(source):
        ours = encode_weight(wanted[layer.name], plain, layer.axis)
        np.testing.assert_allclose(found[layer.name], ours.real, atol=1e-6)
        assert np.abs(found[layer.name] - wanted[layer.name]).max() > 1e-5


def test_one_bit_is_a_sign_and_the_mean_size(source: Path) -> None:
    found = weights(source, form(run(source, Quantize(weights="int1"))))
    for name, values in weights(source, source).items():
        expected = np.where(values < 0, -1, 1) * np.abs(values).mean()
        np.testing.assert_allclose(found[name], expected, rtol=1e-5)


def test_fewer_bits_are_farther_from_the_source(source: Path) -> None:
    words = ("float16", "int8", "int4", "int2")
    noise = [
        decibels(source, form(run(source, Quantize.model_validate({"weights": word}))))
        for word in words
    ]
    assert noise == sorted(noise, reverse=True)
    assert noise[0] > 50
    assert noise[2] < 30


def test_only_the_selected_layers_change(source: Path) -> None:
    step = Quantize(layers=Layers(include=("type:Conv",), exclude=("size<1000",)))
    bits = {name: state.bits for name, state in states(run(source, step)).items()}
    assert bits == {"stem": 32, "wide": 8, "deep": 8, "fc": 32}


def test_a_channel_of_zeros_stays_one(source: Path, tmp_path: Path) -> None:
    model = onnx.load(source)
    tensor = next(t for t in model.graph.initializer if "wide" in t.name and len(t.dims) == 4)
    values = numpy_helper.to_array(tensor).copy()
    values[3] = 0
    tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    path = normalised(model, tmp_path)
    for symmetric in (True, False):
        found = weights(path, form(run(path, Quantize(symmetric=symmetric))))["wide"]
        assert (found[3] == 0).all()
        np.testing.assert_allclose(found, values, atol=np.abs(values).max() / 100)


def test_layers_that_blocks_do_not_fit_are_named(source: Path) -> None:
    result = run(source, Quantize(weights="int4", granularity="block", block_size=32))
    (text,) = [w.text for w in result.steps[0].warnings if w.code == "PARTIAL"]
    # 3, 16, 48 and 32 input channels: the first two are no longer than a block.
    assert "'deep'" in text
    assert "'stem'" not in text
    assert {state.bits for state in states(result).values()} == {4}


@pytest.mark.parametrize("precision", ["float32", "float16"])
def test_int8_activations_stay_near_the_source(precision: str, source: Path) -> None:
    result = run(source, Quantize(activations="int8"), settings={"precision": precision})
    kinds = [node.op_type for node in onnx.load(form(result)).graph.node]
    assert kinds.count("QuantizeLinear") >= 4
    assert result.steps[0].warnings == ()
    assert decibels(source, form(result)) > 20


BOUNDING = {
    "ReLU6": node("Clip", ["first_out", "zero", "six"], "bound"),
    "clip": node("Clip", ["first_out", "zero", "one"], "bound"),
    "hard sigmoid": node("HardSigmoid", ["first_out"], "bound", alpha=0.2),
}


@pytest.mark.parametrize("name", BOUNDING)
def test_nothing_is_rounded_between_a_convolution_and_what_bounds_it(
    name: str, tmp_path: Path
) -> None:
    """There values reach far beyond the bounds, which takes codes away from all within."""
    nodes = [
        node("Conv", ["x", "w1"], "first"),
        BOUNDING[name],
        node("Conv", ["bound_out", "w2"], "second"),
        node("GlobalAveragePool", ["second_out"], "pool", "y"),
    ]
    bounds = {"zero": np.float32(0), "one": np.float32(1), "six": np.float32(6)}
    weights = {"w1": noise(8, 3, 3, 3), "w2": noise(4, 8, 3, 3), **bounds}
    source = normalised(graph(nodes, (3, 8, 8), weights), tmp_path)
    made = onnx.load(form(run(source, Quantize(activations="int8")))).graph.node
    first = next(maker for maker in made if maker.op_type == "Conv")
    (reader,) = [reader for reader in made if first.output[0] in reader.input]
    assert reader.op_type in {"Clip", "HardSigmoid"}


@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize(
    "ends", [GRAPHS["plain"], partial(ending_in, "Softmax")], ids=["plain", "softmax"]
)
def test_scores_are_not_rounded(
    ends: Callable[[], ModelProto], precision: str, tmp_path: Path
) -> None:
    """Rounded ones are often equal, which makes wrong winners."""
    source = normalised(ends(), tmp_path)
    settings = {"precision": precision}
    made = onnx.load(form(run(source, Quantize(activations="int8"), settings=settings))).graph
    makers = {name: maker for maker in made.node for name in maker.output}
    assert "QuantizeLinear" in {maker.op_type for maker in made.node}
    last = makers[made.output[0].name]
    while last.op_type not in {"MatMul", "Gemm"}:
        assert last.op_type != "QuantizeLinear"
        last = makers[last.input[0]]


def test_scores_that_leave_the_program_beside_their_winner_are_not_rounded(tmp_path: Path) -> None:
    network = Graph(0)
    scores = network.dense(network.relu(network.dense("x", "first", 10, 6)), "last", 6, 4)
    model = network.model({"x": (10,)}, scores)
    model.graph.node.append(node("ArgMax", ["y"], "winner", "best", axis=1))
    model.graph.output.append(onnx.helper.make_tensor_value_info("best", 7, None))
    source = normalised(model, tmp_path)
    made = run(source, Quantize(weights="int8", activations="int8"))
    assert decibels(source, form(made)) > 20
    found = OnnxRuntime(form(made)).run(samples(source))
    assert (found["best"] == found["y"].argmax(1, keepdims=True)).all()


@pytest.mark.parametrize("kind", [np.int32, np.int64])
def test_rows_to_look_up_stay_whole_numbers(kind: type, tmp_path: Path) -> None:
    network = Graph(0)
    x = network.node("Gather", [network.weight("table", 16, 8), "ids"], "look")
    x = network.relu(network.dense(network.node("Flatten", [x], "flat"), "first", 40, 8))
    model = network.model({"ids": (5,)}, network.dense(x, "last", 8, 4))
    element = onnx.helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    model.graph.input[0].type.tensor_type.elem_type = element
    source = normalised(model, tmp_path)
    ids = {"ids": np.random.default_rng(0).integers(0, 16, (37, 5)).astype(kind)}
    made = form(run(source, Quantize(weights="int8", activations="int8"), arrays=ids))
    found, wanted = (OnnxRuntime(path).run(ids)["y"] for path in (made, source))
    assert np.abs(found - wanted).max() < 0.1 * np.abs(wanted).max()
    assert "QuantizeLinear" in {maker.op_type for maker in onnx.load(made).graph.node}


def test_what_has_no_int8_inputs_in_core_ml_is_refused_by_name(tmp_path: Path) -> None:
    weight = {"odd.weight": noise(3, 8, 2, 2)}
    model = graph([node("ConvTranspose", ["x", "odd.weight"], "odd", "y")], (3, 6, 6), weight)
    with pytest.raises(UnsupportedError, match="ConvTranspose \\(odd\\)"):
        run(normalised(model, tmp_path), Quantize(activations="int8"))


def test_a_mode_of_the_older_format_is_refused(source: Path) -> None:
    with pytest.raises(UnsupportedError, match="mlmodel only"):
        run(source, Quantize(), settings={"mode": "linear_lut"})


@pytest.mark.parametrize("batch", [10, 50])
def test_a_fixed_batch_is_calibrated_with_all_samples(batch: int, tmp_path: Path) -> None:
    source, arrays = fixed_batch(batch, tmp_path)
    made = onnx.load(form(run(source, Quantize(weights="int8", activations="int8"), arrays=arrays)))
    step = first_step(made)
    assert step * 127 == pytest.approx(50, rel=0.05)


@pytest.mark.parametrize(
    ("symmetric", "mode", "zeros"),
    [(None, None, {0}), (True, None, {0}), (False, None, None), (None, "linear", None)],
)
def test_activations_have_a_zero_point_where_the_step_or_its_setting_says_so(
    *, symmetric: bool | None, mode: str | None, zeros: set[int] | None, source: Path
) -> None:
    step = Quantize(weights="int8", activations="int8", symmetric=symmetric)
    result = run(source, step, settings={"activation_mode": mode} if mode else {})
    made = onnx.load(form(result))
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in made.graph.initializer}
    nodes = [node for node in made.graph.node if node.op_type == "QuantizeLinear"]
    found = {int(constants[node.input[2]]) if len(node.input) > 2 else 0 for node in nodes}
    assert found == zeros if zeros else found - {0}


@pytest.mark.parametrize(("symmetric", "mode"), [(True, "linear"), (False, "linear_symmetric")])
def test_a_mode_that_contradicts_symmetric_is_refused(
    *, symmetric: bool, mode: str, source: Path
) -> None:
    step = Quantize(weights="int8", activations="int8", symmetric=symmetric)
    with pytest.raises(UnsupportedError, match=f"{mode} contradicts"):
        run(source, step, settings={"activation_mode": mode})


def test_the_mode_of_activations_is_refused_where_a_network_ships(source: Path) -> None:
    settings = {"format": "mlmodel", "activation_mode": "linear"}
    with pytest.raises(UnsupportedError, match="goes with `activations: int8` only"):
        run(source, Quantize(), settings=settings)
