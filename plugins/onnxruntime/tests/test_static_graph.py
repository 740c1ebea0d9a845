"""What static quantization rounds and what it leaves: neighbours, outputs, biases, saturation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import Quantize
from boildown.job.protocol import JobResult
from boildown.recipe.steps import Layers
from boildown.testing.builder import Graph as Small
from boildown.testing.graphs import ending_in
from boildown.testing.jobs import normalised, run
from onnx import numpy_helper

from .conftest import Kit, session, shipped
from .graphs import Graph, cnn

STATIC = Quantize(activations="int8")
SYMMETRIC = Quantize(activations="int8", symmetric=True)


def only(*patterns: str) -> Quantize:
    return Quantize(activations="int8", layers=Layers(include=patterns))


def rounded(result: JobResult) -> list[str]:
    """Return the operators whose outputs are rounded, `input` for one of the graph."""
    nodes = onnx.load(result.steps[-1].artifact.path).graph.node
    made = {name: node.op_type for node in nodes for name in node.output}
    return [made.get(n.input[0], "input") for n in nodes if n.op_type == "QuantizeLinear"]


def zero_points(result: JobResult) -> set[int]:
    model = onnx.load(result.steps[-1].artifact.path)
    tensors = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    nodes = [node for node in model.graph.node if node.op_type == "QuantizeLinear"]
    return {int(tensors[node.input[2]]) for node in nodes}


def kernels(path: Path, folder: Path) -> list[str]:
    """Return the operators that ONNX Runtime really runs."""
    session(path, folder / "optimized.onnx")
    return [node.op_type for node in onnx.load(folder / "optimized.onnx").graph.node]


@pytest.mark.parametrize(
    ("pattern", "wanted"),
    [
        ("head", ["Relu"]),
        ("hidden", ["Relu", "GlobalAveragePool", "Flatten", "Gemm"]),
        ("depthwise", ["Relu", "Conv"]),
    ],
)
def test_only_what_lies_beside_a_selected_layer_is_rounded(
    pattern: str, wanted: list[str], kit: Callable[..., Kit]
) -> None:
    found = rounded(kit().run(only(pattern)))
    assert set(wanted[:1]) <= set(found)
    assert len(found) < len(rounded(kit().run(STATIC)))
    assert pattern == "depthwise" or sorted(found) == sorted(wanted)


def test_layers_that_were_left_out_compute_what_they_did(kit: Callable[..., Kit]) -> None:
    made = kit()
    float_features = features(made, made.source)
    assert np.allclose(features(made, shipped(made.run(only("head")))), float_features, atol=1e-5)
    assert not np.allclose(features(made, shipped(made.run(STATIC))), float_features, atol=1e-3)


def features(kit: Kit, path: Path) -> np.ndarray:
    """Return what the global pooling gives."""
    model = onnx.load(path)
    name = next(n.output[0] for n in model.graph.node if n.op_type == "GlobalAveragePool")
    model.graph.output.append(onnx.helper.make_tensor_value_info(name, 1, None))
    onnx.save(model, kit.folder / "features.onnx")
    values: np.ndarray = session(kit.folder / "features.onnx").run([name], kit.inputs())[0]
    return values


@pytest.mark.parametrize("chosen", [(), ("type:LSTM",), ("embedding",)])
def test_a_network_without_integer_layers_stays_with_a_note(
    chosen: tuple[str, ...], kit: Callable[..., Kit]
) -> None:
    made = kit("recurrent")
    report = made.run(only(*chosen)).steps[0]
    assert [warning.code for warning in report.warnings] == ["NOTE"]
    assert "none of the selected layers is a Conv, Gemm, MatMul" in report.warnings[0].text
    assert not report.approximations
    assert report.artifact.path.read_bytes() == made.source.read_bytes()


@pytest.mark.parametrize("network", ["cnn", "two_inputs", "scaled_gemm", "transformer", "shared"])
@pytest.mark.parametrize("granularity", ["tensor", "channel"])
def test_outputs_are_not_rounded_to_256_levels(
    network: str, granularity: Any, kit: Callable[..., Kit]
) -> None:
    made = kit(network)
    path = shipped(made.run(Quantize(activations="int8", granularity=granularity)))
    outputs = made.output(path, made.inputs(200))
    assert len(np.unique(outputs)) > 500
    made_by = {name: node.op_type for node in onnx.load(path).graph.node for name in node.output}
    assert made_by["y"] != "DequantizeLinear"


def test_a_convolution_at_the_end_keeps_its_integer_kernel(
    kit: Callable[..., Kit], tmp_path: Path
) -> None:
    g = Graph(0)
    hidden = g.node("Relu", [g.conv("x", "first", 16, 3, 3, 3)], "relu")
    made = kit(g.model({"x": (3, 8, 8)}, g.conv(hidden, "last", 16, 16, 3, 3), 17))
    path = shipped(made.run(STATIC))
    assert kernels(path, tmp_path).count("QLinearConv") == 2
    assert len(np.unique(made.output(path))) <= 256


@pytest.mark.parametrize("network", ["cnn", "two_inputs"])
def test_a_classifier_with_float_outputs_has_an_integer_kernel(
    network: str, kit: Callable[..., Kit], tmp_path: Path
) -> None:
    found = kernels(shipped(kit(network).run(STATIC)), tmp_path)
    assert found.count("QGemm") == 2
    assert not {"Gemm", "FusedGemm", "MatMul"} & {*found}


def test_a_bias_that_its_scale_cannot_hold_widens_the_scale(kit: Callable[..., Kit]) -> None:
    model = cnn()
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    tiny = numpy_helper.to_array(tensors["h.w"]).copy()
    tiny[0] *= 1e-12  # its own scale would need a code of the bias beyond 32 bits
    tensors["h.w"].CopyFrom(numpy_helper.from_array(tiny, "h.w"))
    made = kit(model)
    inputs = made.inputs(37, seed=1)
    before, after = made.output(made.source, inputs), made.output(shipped(made.run(STATIC)), inputs)
    assert ((before - after) ** 2).sum() < 0.01 * (before**2).sum()


def test_symmetric_activations_have_their_zero_in_the_middle(kit: Callable[..., Kit]) -> None:
    made = kit()
    symmetric = made.run(SYMMETRIC)
    assert zero_points(symmetric) == {128}
    assert any("computed apart" in warned.text for warned in symmetric.steps[0].warnings)
    assert len(zero_points(made.run(STATIC))) > 1


@pytest.mark.parametrize(
    ("settings", "most", "least_zero"),
    [({}, 63, 0), ({"reduce_range": False}, 127, 0), ({"weight_type": "uint8"}, 255, 0)],
)
def test_the_setting_says_how_many_bits_of_a_weight_are_used(
    settings: dict[str, Any], most: int, least_zero: int, kit: Callable[..., Kit]
) -> None:
    report = kit().run(STATIC, settings=(settings,)).steps[0]
    codes = [
        numpy_helper.to_array(t)
        for t in onnx.load(report.artifact.path).graph.initializer
        if len(t.dims) == 4 and t.data_type in (2, 3)
    ]
    assert max(int(c.max()) for c in codes) == most
    assert bool(report.approximations) == (settings == {})
    assert [w.code for w in report.warnings] == ["NOTE"] * (settings == {"reduce_range": False})


def loud(settings: dict[str, Any], kit: Callable[..., Kit]) -> float:
    """Return the relative error of a product of the greatest codes."""
    g = Graph(0)
    signs = np.where(np.arange(32) % 4 < 2, 1.0, -1.0)[:, None] * np.ones((32, 8))
    made = kit(g.model({"x": (32,)}, g.node("MatMul", ["x", g.constant("w", signs)], "m"), 17))
    x = np.where(signs[:, 0] > 0, 1.0, 0.05).astype(np.float32) * np.ones((37, 1), np.float32)
    np.savez(made.folder / "data.npz", x=x)
    path = shipped(made.run(STATIC, settings=(settings,)))
    wanted, found = (made.output(p, {"x": x}) for p in (made.source, path))
    return float(np.abs(found / wanted - 1).max())


@pytest.mark.parametrize("settings", [{}, {"weight_type": "uint8"}])
def test_sums_of_two_greatest_products_do_not_saturate(
    settings: dict[str, Any], kit: Callable[..., Kit]
) -> None:
    assert loud(settings, kit) < 0.02


def without_vnni() -> bool:
    information = Path("/proc/cpuinfo")
    flags = information.read_text() if information.exists() else ""
    return "avx2" in flags and "vnni" not in flags


@pytest.mark.skipif(not without_vnni(), reason="this CPU adds products in 32 bits")
def test_signed_weights_of_all_bits_do_saturate_where_there_is_no_vnni(
    kit: Callable[..., Kit],
) -> None:
    """Negative control of the sums above, and the reason for `reduce_range`."""
    assert loud({"reduce_range": False}, kit) > 0.2


def test_scores_behind_a_softmax_are_not_rounded(tmp_path: Path) -> None:
    """Rounded ones are often equal, which makes wrong winners."""
    source = normalised(ending_in("Softmax"), tmp_path)
    file = shipped(run("onnxruntime", source, Quantize(activations="int8")))
    session(file, tmp_path / "optimized.onnx")
    nodes = onnx.load(tmp_path / "optimized.onnx").graph.node
    softmax = next(node for node in nodes if node.op_type == "Softmax")
    (maker,) = [node.op_type for node in nodes if softmax.input[0] in node.output]
    assert maker == "QGemm"


def test_an_output_that_a_relu_reads_too_keeps_what_is_below_zero(tmp_path: Path) -> None:
    graph = Small(3)
    x = graph.conv("x", "stem", 8, 3, 3, 3)
    model = graph.model({"x": (3, 8, 8)}, graph.head(graph.relu(x), 8))
    model.graph.output.add(name=x).type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    source = normalised(model, tmp_path)
    feeds = {"x": np.random.default_rng(0).standard_normal((16, 3, 8, 8)).astype(np.float32)}
    float_ones, found = (
        session(path).run([x], feeds)[0]
        for path in (source, shipped(run("onnxruntime", source, STATIC)))
    )
    assert float_ones.min() < -1
    np.testing.assert_allclose(found, float_ones, rtol=0, atol=0.1)


def test_two_equal_convolutions_stay_two_layers(tmp_path: Path) -> None:
    graph = Small(3)
    weights = [graph.weight("weight", 8, 3, 3, 3), graph.weight("bias", 8)]
    a, b = (graph.node("Conv", ["x", *weights], name, pads=[1] * 4) for name in ("a", "b"))
    summed = graph.node("Add", [graph.relu(a), graph.relu(b)], "sum")
    source = normalised(graph.model({"x": (3, 8, 8)}, graph.head(summed, 8)), tmp_path)
    bits = {state.layer: state.bits for state in run("onnxruntime", source, STATIC).layers or ()}
    assert bits == {"a": 8, "b": 8, "fc": 8}
