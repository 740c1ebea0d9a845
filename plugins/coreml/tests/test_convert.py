"""A network, converted, saved, read back and said in ONNX, computes what the source does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import Artifact, UnsupportedError, onnx_layer_states, source_layers
from boildown.measuring.audit import cross_check
from boildown.testing.graphs import GRAPHS
from boildown_coreml.convert import convert
from boildown_coreml.deploy import deploy, to_onnx
from boildown_coreml.layers import layers
from boildown_coreml.toolkit import ct
from onnx import TensorProto, helper
from programs import run
from sources import context_of, difference, graph, node, noise, normalised, samples


def shipped(source: Path, **settings: Any) -> tuple[Artifact, onnx.ModelProto, Any]:
    context = context_of(source, **settings)
    deployable = deploy(Artifact(path=source), context)
    form = to_onnx(deployable, context)
    return deployable, onnx.load(form.path), context


@pytest.mark.parametrize("form", ["mlpackage", "mlmodel"])
@pytest.mark.parametrize("name", GRAPHS)
def test_a_network_of_the_suite_computes_what_its_source_does(
    name: str, form: str, tmp_path: Path
) -> None:
    source = normalised(GRAPHS[name](), tmp_path)
    deployable, made, context = shipped(source, format=form)
    given, arrays = onnx.load(source), samples(source)
    assert [port.name for port in made.graph.input] == [port.name for port in given.graph.input]
    assert [port.name for port in made.graph.output] == [port.name for port in given.graph.output]
    for found, wanted in zip(run(made, *arrays), run(given, *arrays), strict=True):
        assert difference(found, wanted) < 1e-5
    native = layers(deployable, context)
    assert [state.layer for state in native] == [layer.name for layer in source_layers(given)]
    assert [state.shape for state in native] == [layer.shape for layer in source_layers(given)]
    onnx_form = context.workdir / "form.onnx"
    assert cross_check(native, onnx_layer_states(onnx_form, source_layers(given))) == []


def test_a_transposed_kernel_is_told_from_the_right_one(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    _deployable, made, _context = shipped(source)
    tensor = next(t for t in made.graph.initializer if t.name.startswith("weight_1_"))
    right = onnx.numpy_helper.to_array(tensor)
    tensor.CopyFrom(onnx.numpy_helper.from_array(right.swapaxes(2, 3).copy(), tensor.name))
    arrays = samples(source)
    assert difference(run(made, *arrays)[0], run(onnx.load(source), *arrays)[0]) > 1e-2


SERIES: dict[str, tuple[str, dict[str, Any]]] = {
    "lstm": ("LSTM", {}),
    "lstm of both directions": ("LSTM", {"direction": "bidirectional"}),
    "lstm backwards": ("LSTM", {"direction": "reverse"}),
    "rnn": ("RNN", {}),
    "rnn backwards of relu": ("RNN", {"direction": "reverse", "activations": ["Relu"]}),
    "gru": ("GRU", {"linear_before_reset": 1}),
}


@pytest.mark.parametrize("case", SERIES)
def test_a_recurrent_layer_computes_what_its_source_does(case: str, tmp_path: Path) -> None:
    kind, settings = SERIES[case]
    gates, hidden = {"LSTM": 4, "GRU": 3, "RNN": 1}[kind], 5
    ways = 2 if settings.get("direction") == "bidirectional" else 1
    bias = noise(ways, 2 * gates * hidden)
    if kind == "GRU":
        bias[:, -hidden:] = 0
    nodes = [
        node("Transpose", ["x"], "turn", perm=[1, 0, 2]),
        helper.make_node(
            kind, ["turn_out", "w", "r", "b"], ["all"], "layer", hidden_size=hidden, **settings
        ),
        node("Transpose", ["all"], "back", "y", perm=[2, 0, 1, 3]),
    ]
    weights = {
        "w": noise(ways, gates * hidden, 3),
        "r": noise(ways, gates * hidden, hidden),
        "b": bias,
    }
    source = normalised(graph(nodes, (7, 3), weights), tmp_path)
    deployable, made, context = shipped(source)
    arrays = samples(source)
    assert difference(run(made, *arrays)[0], run(onnx.load(source), *arrays)[0]) < 1e-5
    for state, name in zip(layers(deployable, context), ("w", "r"), strict=True):
        assert state.shape == weights[name].shape
        assert (
            state.values_digest
            == onnx_layer_states(source, source_layers(source))["wr".index(name)].values_digest
        )


IMAGE = (4, 6, 8)
EXACT: dict[str, tuple[list[onnx.NodeProto], dict[str, np.ndarray]]] = {
    "nearest, from the corner": (
        [node("Resize", ["x", "", "s"], "up", "y", mode="nearest", nearest_mode="floor",
              coordinate_transformation_mode="asymmetric")],
        {"s": np.array([1, 1, 2, 3], np.float32)},
    ),
    "nearest, centred, whole factors": (
        [node("Resize", ["x", "", "s"], "up", "y", mode="nearest")],
        {"s": np.array([1, 1, 2, 3], np.float32)},
    ),
    "linear, centred": (
        [node("Resize", ["x", "", "s"], "up", "y", mode="linear")],
        {"s": np.array([1, 1, 2, 2], np.float32)},
    ),
    "linear, aligned, by fractions": (
        [node("Resize", ["x", "", "s"], "up", "y", mode="linear",
              coordinate_transformation_mode="align_corners")],
        {"s": np.array([1, 1, 1.5, 1.625], np.float32)},
    ),
    "reciprocal": ([node("Exp", ["x"], "e"), node("Reciprocal", ["e_out"], "r", "y")], {}),
    "logarithm of a softmax": (
        [node("Mul", ["x", "c"], "m"), node("LogSoftmax", ["m_out"], "l", "y", axis=1)],
        {"c": np.float32(60)},
    ),
    "gelu by tanh": ([node("Gelu", ["x"], "g", "y", approximate="tanh")], {}),
    "a sum of three": ([node("Sum", ["x", "x", "c"], "s", "y")], {"c": noise(4, 1, 1)}),
    "margins of named axes": (
        [node("Pad", ["x", "p", "v", "a"], "pad", "y")],
        {"p": np.array([1, 0, 2, 1], np.int64), "v": np.float32(0.5),
         "a": np.array([-1, 2], np.int64)},
    ),
    "a product with factors": (
        [node("GlobalAveragePool", ["x"], "p"), node("Flatten", ["p_out"], "f"),
         node("Gemm", ["f_out", "w", "b"], "fc", "y", alpha=0.5, beta=2.0)],
        {"w": noise(4, 3), "b": noise(3)},
    ),
    "a product with a constant on the left": (
        [node("MatMul", ["w", "x"], "left", "y")], {"w": noise(5, 6)},
    ),
    "transposed convolution": (
        [node("ConvTranspose", ["x", "w"], "up", "y", strides=[2, 2], pads=[1, 1, 1, 1],
              output_padding=[1, 0])],
        {"w": noise(4, 3, 3, 3)},
    ),
    "group norm": (
        [node("GroupNormalization", ["x", "g", "b"], "n", "y", num_groups=2)],
        {"g": noise(4), "b": noise(4)},
    ),
    "clipped from 0 to 6": (
        [node("Mul", ["x", "c"], "m"), node("Clip", ["m_out", "l", "u"], "k", "y")],
        {"c": np.float32(5), "l": np.float32(0), "u": np.float32(6)},
    ),
    "clipped at 6 alone": (
        [node("Mul", ["x", "c"], "m"), node("Clip", ["m_out", "", "u"], "k", "y")],
        {"c": np.float32(5), "u": np.float32(6)},
    ),
    "places of the largest": ([node("ArgMax", ["x"], "a", "y", axis=1)], {}),
}  # fmt: skip


@pytest.mark.parametrize("case", EXACT)
def test_an_operator_that_is_lowered_by_a_rule_of_ours_is_exact(case: str, tmp_path: Path) -> None:
    nodes, weights = EXACT[case]
    opset = 21 if case == "group norm" else 20
    model = graph(nodes, IMAGE, weights, opset=opset)
    if case == "group norm":  # onnx does not infer what it gives
        model.graph.output[0].CopyFrom(
            helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", *IMAGE])
        )
    source = normalised(model, tmp_path)
    _deployable, made, _context = shipped(source)
    arrays = samples(source)
    found, wanted = run(made, *arrays)[0], run(onnx.load(source), *arrays)[0]
    if case == "places of the largest":
        np.testing.assert_array_equal(found, wanted)
    else:
        assert difference(found, wanted) < 1e-5


def test_equal_weights_of_two_layers_stay_two_layers(tmp_path: Path) -> None:
    weight = noise(4, 4, 3, 3)
    nodes = [
        node("Conv", ["x", "a"], "first", pads=[1] * 4),
        node("Conv", ["first_out", "b"], "second", "y", pads=[1] * 4),
    ]
    source = normalised(graph(nodes, IMAGE, {"a": weight, "b": weight.copy()}), tmp_path)
    deployable, _made, context = shipped(source)
    assert [state.layer for state in layers(deployable, context)] == ["first", "second"]
    assert {state.payload_bytes for state in layers(deployable, context)} == {4 * weight.size}


def test_a_weight_that_two_layers_share_is_stored_once(tmp_path: Path) -> None:
    nodes = [
        node("Conv", ["x", "a"], "first", pads=[1] * 4),
        node("Conv", ["first_out", "a"], "second", "y", pads=[1] * 4),
    ]
    source = normalised(graph(nodes, IMAGE, {"a": noise(4, 4, 3, 3)}), tmp_path)
    deployable, made, context = shipped(source)
    assert [state.payload_bytes for state in layers(deployable, context)] == [288, 288]
    assert {"first", "second"} <= {item.name for item in made.graph.node}


def test_float16_halves_the_file_and_rounds_what_it_computes(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    wide, _made, _context = shipped(source)
    half, made, context = shipped(source, precision="float16")
    assert half.bytes < 0.6 * wide.bytes
    assert {state.bits for state in layers(half, context)} == {16}
    arrays = samples(source)
    wanted = run(onnx.load(source), *arrays)[0]
    assert 1e-5 < difference(run(made, *arrays)[0], wanted) < 1e-2
    plain = onnx.load(to_onnx(half, context_of(source, numbers="float32")).path)
    assert len(plain.graph.node) < len(made.graph.node)


def test_a_weight_beyond_float16_is_refused_by_layer(tmp_path: Path) -> None:
    weight = noise(4, 4, 3, 3)
    weight[0, 0, 0, 0] = 1e5
    source = normalised(
        graph([node("Conv", ["x", "w"], "huge", "y")], IMAGE, {"w": weight}), tmp_path
    )
    with pytest.raises(UnsupportedError, match="huge"):
        shipped(source, precision="float16")


def test_the_deployment_target_is_the_lowest_unless_a_higher_one_is_asked_for(
    tmp_path: Path,
) -> None:
    source = onnx.load(normalised(GRAPHS["plain"](), tmp_path))
    versions = {}
    for target in ("iOS15", "iOS18"):
        made, reached = convert(source, tmp_path / f"{target}.mlpackage", target=target)
        assert reached == target
        versions[target] = ct.utils.load_spec(str(made.path)).specificationVersion
    assert versions == {"iOS15": 6, "iOS18": 9}


def test_a_network_that_mixes_samples_keeps_a_batch_of_one(tmp_path: Path) -> None:
    nodes = [
        node("ReduceMean", ["x", "a"], "mean", keepdims=1),
        node("Sub", ["x", "mean_out"], "s", "y"),
    ]
    source = normalised(graph(nodes, (4,), {"a": np.array([0], np.int64)}), tmp_path)
    _deployable, made, _context = shipped(source)
    assert made.graph.input[0].type.tensor_type.shape.dim[0].dim_value == 1


def test_a_class_token_is_repeated_for_each_sample(tmp_path: Path) -> None:
    nodes = [
        node("Shape", ["x"], "shape", start=0, end=1),
        node("Concat", ["shape_out", "rest"], "lengths", axis=0),
        node("Expand", ["token", "lengths_out"], "tokens"),
        node("Concat", ["tokens_out", "x"], "joined", "y", axis=1),
    ]
    weights = {"rest": np.array([1, 5], np.int64), "token": noise(1, 1, 5)}
    source = normalised(graph(nodes, (3, 5), weights), tmp_path)
    _deployable, made, _context = shipped(source)
    (x,) = samples(source)
    np.testing.assert_array_equal(run(made, x)[0], run(onnx.load(source), x)[0])


def test_conversion_leaves_its_source_alone(tmp_path: Path) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    before = Artifact(path=source).digest
    model = onnx.load(source)
    text = model.SerializeToString()
    convert(model, tmp_path / "m.mlpackage")
    assert model.SerializeToString() == text
    assert Artifact(path=source).digest == before


def test_a_network_that_needs_a_newer_system_gets_the_lowest_that_will_do(tmp_path: Path) -> None:
    nodes = [node("AveragePool", ["x"], "p", "y", kernel_shape=[2, 2], auto_pad="SAME_LOWER")]
    source = normalised(graph(nodes, IMAGE), tmp_path)
    made, reached = convert(onnx.load(source), tmp_path / "m.mlpackage")
    assert reached == "iOS16"
    assert ct.utils.load_spec(str(made.path)).specificationVersion == 7
