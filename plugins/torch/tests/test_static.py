"""Static int8: all that can runs in integers, under the source's names, with an open batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import pytest
from boildown import Quantize, Train, UnsupportedError
from boildown.recipe.steps import Layers
from boildown.testing.builder import Graph
from boildown.testing.graphs import GRAPHS, ending_in
from onnx import numpy_helper

from .jobs import decibels, kernels, normalised, run, samples, session, shipped

STATIC = Quantize(activations="int8")
AWARE = Quantize(activations="int8", train=Train(epochs=1, batch_size=16, learning_rate=1e-5))
_FLOAT = {"Conv", "FusedConv", "Gemm", "FusedGemm", "MatMul", "Add", "Relu", "ReduceMean"}


@pytest.mark.parametrize("network", ["residual", "concat", "batch_norm", "depthwise"])
@pytest.mark.parametrize("step", [STATIC, AWARE], ids=["calibrated", "trained"])
def test_convolutions_sums_and_pools_all_run_in_integers(
    network: str, step: Quantize, tmp_path: Path
) -> None:
    source = normalised(GRAPHS[network](), tmp_path)
    path = shipped(run(source, step))
    found = kernels(path)
    assert found["QLinearConv"] == sum(n.op_type == "Conv" for n in onnx.load(source).graph.node)
    assert found["QGemm"] == found["QLinearGlobalAveragePool"] == 1
    assert not _FLOAT & found.keys()
    # Training moves the statistics of batch norms to those of the noise that it is given.
    assert decibels(source, path) > (25 if step is STATIC or network != "batch_norm" else 5)


def test_scores_behind_a_softmax_are_not_rounded(tmp_path: Path) -> None:
    """Rounded ones are often equal, which makes wrong winners."""
    source = normalised(ending_in("Softmax"), tmp_path)
    file = shipped(run(source, STATIC))
    session(file, tmp_path / "optimized.onnx")
    nodes = onnx.load(tmp_path / "optimized.onnx").graph.node
    softmax = next(node for node in nodes if node.op_type == "Softmax")
    (maker,) = [node.op_type for node in nodes if softmax.input[0] in node.output]
    assert maker == "QGemm"


def test_matrices_run_in_integers_and_are_stored_once(tmp_path: Path) -> None:
    source = normalised(GRAPHS["attention"](), tmp_path)
    path = shipped(run(source, STATIC))
    assert kernels(path)["MatMul"] == 1  # softmax times values: no weight
    assert path.stat().st_size < 0.3 * source.stat().st_size


def test_the_float_source_runs_none_of_them_in_integers(tmp_path: Path) -> None:
    """Negative control of the counts above."""
    path = shipped(run(normalised(GRAPHS["residual"](), tmp_path)))
    assert not [name for name in kernels(path) if name.startswith("Q")]


@pytest.mark.parametrize(
    ("settings", "most", "codes"),
    [({}, 63, []), ({"reduce_range": False}, 127, ["NOTE"])],
)
def test_the_setting_says_how_many_bits_of_a_weight_are_used(
    settings: dict[str, Any], most: int, codes: list[str], tmp_path: Path
) -> None:
    report = run(normalised(GRAPHS["plain"](), tmp_path), STATIC, settings=settings).steps[0]
    weights = [
        numpy_helper.to_array(tensor)
        for tensor in onnx.load(report.artifact.path).graph.initializer
        if tensor.data_type == onnx.TensorProto.INT8 and len(tensor.dims) > 1
    ]
    assert {int(abs(w).max()) for w in weights} == {most}
    assert [warning.code for warning in report.warnings] == codes
    assert bool(report.approximations) == (not settings)


def test_a_layer_that_was_left_out_keeps_its_float_weights(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    step = STATIC.model_copy(update={"layers": Layers(exclude=("wide",))})
    states = {state.layer: state.bits for state in run(source, step).layers or []}
    assert states.pop("wide") == 32
    assert set(states.values()) == {8}


def test_inputs_outputs_and_an_open_batch_are_the_source_s(tmp_path: Path) -> None:
    source = normalised(GRAPHS["two_inputs"](), tmp_path)
    path = shipped(run(source, STATIC))
    given, made = onnx.load(source).graph, onnx.load(path).graph
    assert [item.SerializeToString() for item in given.input] == [
        item.SerializeToString() for item in made.input
    ]
    assert session(path).run(None, samples(source, 3))[0].shape[0] == 3


@pytest.mark.parametrize(
    "step", [STATIC.model_copy(update={"observer": "minmax"}), AWARE], ids=["calibrated", "trained"]
)
def test_uneven_pads_of_a_pooling_spoil_no_range(step: Quantize, tmp_path: Path) -> None:
    """They count as minus infinity, as which they would reach the observers."""
    graph = Graph(3)
    x = graph.relu(graph.conv("x", "stem", 16, 3, 3, 3))
    x = graph.node("MaxPool", [x], "max", kernel_shape=[3, 3], strides=[2, 2], pads=[0, 0, 1, 1])
    x = graph.relu(graph.conv(x, "deep", 16, 16, 3, 3))
    source = normalised(graph.model({"x": (3, 16, 16)}, graph.head(x, 16)), tmp_path)
    path = shipped(run(source, step))
    assert decibels(source, path) > 25
    assert "Pad" not in kernels(path)


@pytest.mark.parametrize("step", [STATIC, AWARE], ids=["calibrated", "trained"])
def test_a_weight_that_convolutions_share_is_multiplied_by_no_batch_norm(
    step: Quantize, tmp_path: Path
) -> None:
    """PT2E would fold all of their batch norms into the one weight."""
    graph, x = Graph(3), "x"
    weight = graph.weight("weight", 8, 8, 3, 3)
    for name in ("a", "b"):
        x = graph.node("Conv", [x, weight], name, pads=[1] * 4)
        x = graph.relu(graph.norm(x, f"{name}_norm", 8))
    source = normalised(graph.model({"x": (8, 8, 8)}, graph.head(x, 8)), tmp_path)
    report = run(source, step)
    assert decibels(source, shipped(report)) > 20
    assert {state.bits for state in report.layers or ()} == {8}


@pytest.mark.parametrize("groups", [1, 2])
def test_batch_norms_behind_transposed_convolutions_are_kept(groups: int, tmp_path: Path) -> None:
    graph = Graph(3)
    weight = graph.weight("weight", 8, 8 // groups, 3, 3)
    x = graph.node("ConvTranspose", ["x", weight], "up", group=groups)
    x = graph.relu(graph.conv(graph.relu(graph.norm(x, "norm", 8)), "wide", 16, 8, 3, 3))
    source = normalised(graph.model({"x": (8, 8, 8)}, graph.head(x, 16)), tmp_path)
    assert decibels(source, shipped(run(source, STATIC))) > 20


def test_convolutions_pad_their_sides_differently_by_themselves(tmp_path: Path) -> None:
    """As in the source: ONNX Runtime has no integer kernel for Pad."""
    source = normalised(GRAPHS["asymmetric_padding"](), tmp_path)
    path = shipped(run(source, STATIC))
    assert decibels(source, path) > 25
    found = kernels(path)
    assert found["QLinearConv"] == 2
    assert not {"Pad", *_FLOAT} & found.keys()
    assert found["QuantizeLinear"] == 1


def test_symmetric_activations_have_their_zero_in_the_middle(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    report = run(source, STATIC.model_copy(update={"symmetric": True})).steps[0]
    model = onnx.load(report.artifact.path)
    tensors = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    nodes = [node for node in model.graph.node if node.op_type == "QuantizeLinear"]
    assert {int(tensors[node.input[2]]) for node in nodes} == {127}
    assert any("computed apart" in warned.text for warned in report.warnings)


def test_a_setting_of_static_int8_is_refused_elsewhere(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    with pytest.raises(UnsupportedError, match="static int8, which this step is not"):
        run(source, Quantize(weights="int4"), settings={"reduce_range": True})


def test_eight_bits_of_weights_of_seven_are_refused(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    step = Quantize(weights="int7", activations="int8")
    with pytest.raises(UnsupportedError, match="int7 has 7"):
        run(source, step, settings={"reduce_range": False})
