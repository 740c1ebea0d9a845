"""The older format: its layers against ONNX Runtime, its weights against coremltools' decoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import Artifact, UnsupportedError, source_layers
from boildown.testing.graphs import GRAPHS
from boildown_coreml.convert import convert_network
from boildown_coreml.deploy import deploy, to_onnx
from boildown_coreml.layers import layers
from boildown_coreml.neuralnetwork import stored_network_weights, translate_network
from boildown_coreml.neuralnetwork.weights import decode
from boildown_coreml.toolkit import ct, silently
from onnx import helper
from programs import run
from sources import context_of, difference, graph, normalised, samples

with silently():
    from coremltools.models.neural_network import quantization_utils
    from coremltools.proto import NeuralNetwork_pb2

RNG = np.random.default_rng(5)


def noise(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def node(kind: str, inputs: list[str], name: str, output: str = "", **more: Any) -> onnx.NodeProto:
    return helper.make_node(kind, inputs, [output or f"{name}_out"], name, **more)


def single(kind: str, *inputs: str, **more: Any) -> list[onnx.NodeProto]:
    return [node(kind, ["x", *inputs], "one", "y", **more)]


ALL, ONE = np.array([2, 3], np.int64), np.array([1], np.int64)
CASES: dict[str, tuple[list[onnx.NodeProto], dict[str, np.ndarray]]] = {
    **{
        f"{kind}": (single(kind), {})
        for kind in (
            "Abs", "Atan", "Ceil", "Cos", "Erf", "Exp", "Floor", "GlobalAveragePool",
            "GlobalMaxPool", "HardSwish", "Neg", "Relu", "Round", "Sigmoid", "Sign", "Sin",
            "Softplus", "Tanh",
        )
    },
    "Clip": (single("Clip", "a", "b"), {"a": np.float32(-0.3), "b": np.float32(0.8)}),
    "Elu": (single("Elu", alpha=0.7), {}),
    "Gelu": (single("Gelu"), {}),
    "Gelu by tanh": (single("Gelu", approximate="tanh"), {}),
    "HardSigmoid": (single("HardSigmoid", alpha=0.3, beta=0.4), {}),
    "LeakyRelu": (single("LeakyRelu", alpha=0.2), {}),
    "PRelu": (single("PRelu", "s"), {"s": np.abs(noise(4, 1, 1))}),
    "Sqrt": ([node("Abs", ["x"], "a"), node("Sqrt", ["a_out"], "s", "y")], {}),
    "Log": ([node("Exp", ["x"], "e"), node("Log", ["e_out"], "l", "y")], {}),
    "Pow": (single("Pow", "p"), {"p": np.float32(2)}),
    "Add a number": (single("Add", "c"), {"c": np.float32(0.5)}),
    "Mul by channel": (single("Mul", "c"), {"c": noise(4, 1, 1)}),
    "Sub from a constant": ([node("Sub", ["c", "x"], "s", "y")], {"c": noise(4, 6, 8)}),
    "Div": (single("Div", "c"), {"c": np.abs(noise(6, 1)) + 1}),
    "Max": (single("Max", "c"), {"c": noise(4, 1, 8)}),
    "Min with itself": (
        [node("Neg", ["x"], "n"), node("Min", ["x", "n_out"], "m", "y")], {},
    ),
    "choice": (
        [node("Greater", ["x", "c"], "g"), node("Neg", ["x"], "n"),
         node("Where", ["g_out", "x", "n_out"], "w", "y")],
        {"c": np.float32(0.1)},
    ),
    "Softmax of channels": (single("Softmax", axis=1), {}),
    "Softmax of the last": (single("Softmax", axis=-1), {}),
    **{
        f"Reduce{kind}": (single(f"Reduce{kind}", "a", keepdims=0), {"a": ONE})
        for kind in ("L1", "L2", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare")
    },
    "mean of places": (single("ReduceMean", "a", keepdims=1), {"a": ALL}),
    "MaxPool": (single("MaxPool", kernel_shape=[3, 2], strides=[2, 1], pads=[1, 0, 1, 1]), {}),
    "MaxPool of a started window": (
        single("MaxPool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1), {},
    ),
    "AveragePool with its margin": (
        single("AveragePool", kernel_shape=[3, 3], pads=[1] * 4, count_include_pad=1), {},
    ),
    "AveragePool without": (single("AveragePool", kernel_shape=[3, 3], pads=[1] * 4), {}),
    "AveragePool of same size": (
        single("AveragePool", kernel_shape=[2, 2], auto_pad="SAME_UPPER"), {},
    ),
    "Conv of same size": (
        single("Conv", "w", strides=[2, 2], auto_pad="SAME_UPPER"), {"w": noise(5, 4, 3, 3)},
    ),
    "Conv in groups with holes": (
        single("Conv", "w", group=2, dilations=[2, 1], pads=[2, 1, 2, 1]),
        {"w": noise(6, 2, 3, 3)},
    ),
    "ConvTranspose": (
        single("ConvTranspose", "w", "b", strides=[2, 2], pads=[1, 1, 1, 1],
               output_padding=[1, 0], group=2),
        {"w": noise(4, 3, 3, 3), "b": noise(6)},
    ),
    "BatchNormalization": (
        [node("Relu", ["x"], "r"),
         node("BatchNormalization", ["r_out", "g", "b", "m", "v"], "n", "y")],
        {"g": noise(4), "b": noise(4), "m": noise(4), "v": np.abs(noise(4)) + 0.1},
    ),
    "InstanceNormalization": (
        single("InstanceNormalization", "g", "b"), {"g": noise(4), "b": noise(4)},
    ),
    "LayerNormalization": (
        [node("Flatten", ["x"], "f", axis=1),
         node("LayerNormalization", ["f_out", "g", "b"], "n", "y", axis=-1)],
        {"g": noise(192), "b": noise(192)},
    ),
    "LayerNormalization of more": (
        single("LayerNormalization", "g", axis=2), {"g": noise(6, 8)},
    ),
    "Concat": ([node("Neg", ["x"], "n"), node("Concat", ["x", "n_out"], "c", "y", axis=2)], {}),
    "Split": (
        [helper.make_node("Split", ["x", "s"], ["a", "b"], "s", axis=1),
         node("Concat", ["b", "a"], "c", "y", axis=1)],
        {"s": np.array([1, 3], np.int64)},
    ),
    "Transpose": (single("Transpose", perm=[0, 2, 3, 1]), {}),
    "Reshape": (single("Reshape", "s"), {"s": np.array([0, 2, -1, 8], np.int64)}),
    "Flatten": (single("Flatten", axis=1), {}),
    "Squeeze": (
        [node("ReduceMean", ["x", "a"], "m"), node("Squeeze", ["m_out", "a"], "s", "y")],
        {"a": ALL},
    ),
    "Unsqueeze": (single("Unsqueeze", "a"), {"a": np.array([4], np.int64)}),
    "Slice": (
        single("Slice", "b", "e", "a", "s"),
        {"b": np.array([1, -1], np.int64), "e": np.array([3, -7], np.int64),
         "a": np.array([1, 3], np.int64), "s": np.array([1, -2], np.int64)},
    ),
    "Slice of one axis": (
        single("Slice", "b", "e", "a"),
        {"b": np.array([1], np.int64), "e": np.array([5], np.int64),
         "a": np.array([2], np.int64)},
    ),
    "Gather": (single("Gather", "i", axis=1), {"i": np.array([2, 0], np.int64)}),
    "Tile": (single("Tile", "r"), {"r": np.array([1, 2, 1, 3], np.int64)}),
    "Pad": (
        single("Pad", "p", "v"),
        {"p": np.array([0, 0, 1, 0, 0, 0, 2, 1], np.int64), "v": np.float32(0.5)},
    ),
    "Pad by reflection": (
        single("Pad", "p", mode="reflect"), {"p": np.array([0, 0, 1, 0, 0, 0, 2, 1], np.int64)},
    ),
    "ArgMax": (single("ArgMax", axis=1, keepdims=0), {}),
    "DepthToSpace": (single("DepthToSpace", blocksize=2), {}),
    "DepthToSpace, columns first": (single("DepthToSpace", blocksize=2, mode="CRD"), {}),
    "SpaceToDepth": (single("SpaceToDepth", blocksize=2), {}),
    "Resize to nearest": (
        single("Resize", "", "s", mode="nearest", nearest_mode="floor",
               coordinate_transformation_mode="asymmetric"),
        {"s": np.array([1, 1, 2, 3], np.float32)},
    ),
    "Resize with centred pixels": (
        single("Resize", "", "s", mode="linear"), {"s": np.array([1, 1, 2, 3], np.float32)},
    ),
    "Resize with aligned corners": (
        single("Resize", "", "s", mode="linear",
               coordinate_transformation_mode="align_corners"),
        {"s": np.array([1, 1, 2, 3], np.float32)},
    ),
    "MatMul of two": (
        [node("Transpose", ["x"], "t", perm=[0, 1, 3, 2]),
         node("MatMul", ["x", "t_out"], "m", "y")],
        {},
    ),
    "MatMul of four axes": (single("MatMul", "w"), {"w": noise(8, 5)}),
    "MatMul and a row": (
        [node("Flatten", ["x"], "f", axis=1), node("MatMul", ["f_out", "w"], "m"),
         node("Add", ["m_out", "b"], "a", "y")],
        {"w": noise(192, 5), "b": noise(5)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_layer_gives_what_its_source_gives(case: str, tmp_path: Path) -> None:
    nodes, weights = CASES[case]
    source = normalised(graph(nodes, (4, 6, 8), weights), tmp_path)
    context = context_of(source, format="mlmodel")
    made = onnx.load(to_onnx(deploy(Artifact(path=source), context), context).path)
    arrays = samples(source)
    if made.graph.input[0].type.tensor_type.shape.dim[0].dim_value:
        pytest.fail("the batch was not opened")
    wanted = run(onnx.load(source), *arrays)[0]
    assert difference(run(made, *arrays)[0], wanted) < 2e-5
    assert [state.layer for state in layers(Artifact(path=context.workdir / "model.mlmodel",
        format="mlmodel"), context)] == [layer.name for layer in source_layers(source)]  # fmt: skip


def kmeans(bits: int, weight: Any) -> tuple[np.ndarray, np.ndarray]:
    table, codes = quantization_utils._get_kmeans_lookup_table_and_weight(
        bits, np.asarray(weight).reshape(-1, 1)
    )
    return table.ravel(), codes


MODES: dict[str, tuple[int, str, Any]] = {
    "float16": (16, "linear", None),
    **{f"linear of {bits} bits": (bits, "linear", None) for bits in range(1, 9)},
    "symmetric": (8, "linear_symmetric", None),
    **{f"a straight table of {bits} bits": (bits, "linear_lut", None) for bits in (1, 3, 8)},
    **{f"a table by k-means of {bits} bits": (bits, "custom_lut", kmeans) for bits in (1, 4)},
}


@pytest.fixture(scope="module")
def float_network(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    source = normalised(GRAPHS["grouped"](), tmp_path_factory.mktemp("float"))
    return source, convert_network(onnx.load(source), source.parent / "f.mlmodel").path


@pytest.mark.parametrize("mode", MODES)
def test_a_weight_is_decoded_as_coremltools_decodes_it(
    mode: str, float_network: tuple[Path, Path], tmp_path: Path
) -> None:
    source, path = float_network
    bits, name, function = MODES[mode]
    with silently():
        whole = ct.models.MLModel(str(path))
        settings = {"lut_function": function} if function else {}
        small = quantization_utils.quantize_weights(whole, bits, name, **settings)
        small.save(str(tmp_path / "q.mlmodel"))
        if bits < 16:
            plain = quantization_utils.quantize_weights(small, bits, "dequantization")
            plain.save(str(tmp_path / "p.mlmodel"))
    found = stored_network_weights(tmp_path / "q.mlmodel", source)
    assert {part.bits for parts in found.values() for part in parts} == {bits}
    if bits < 16:
        wanted = stored_network_weights(tmp_path / "p.mlmodel", source)
        for place, (part,) in found.items():
            np.testing.assert_allclose(part.values, wanted[place][0].values, rtol=1e-6, atol=1e-7)
    (x,) = samples(source)
    model = onnx.load(source)
    outputs = [
        run(translate_network(tmp_path / f"{name}.mlmodel", model), x[:1])[0]
        for name in ("q", "p" if bits < 16 else "q")
    ]
    assert difference(*outputs) < 1e-5
    context = context_of(source)
    states = layers(Artifact(path=tmp_path / "q.mlmodel", format="mlmodel"), context)
    assert all(state.distinct_values <= 2**bits * 64 for state in states)


def test_a_transposed_convolution_counts_its_channels_on_the_second_axis(tmp_path: Path) -> None:
    source = normalised(
        graph([node("ConvTranspose", ["x", "w"], "up", "y")], (4, 6, 8), {"w": noise(4, 3, 2, 2)}),
        tmp_path,
    )
    path = convert_network(onnx.load(source), tmp_path / "f.mlmodel").path
    with silently():
        small = quantization_utils.quantize_weights(ct.models.MLModel(str(path)), 8, "linear")
        small.save(str(tmp_path / "q.mlmodel"))
    (exact,) = stored_network_weights(path, source)[0]
    (found,) = stored_network_weights(tmp_path / "q.mlmodel", source)[0]
    assert 0 < np.abs(found.values - exact.values).max() < 0.02


def test_codes_are_packed_from_the_highest_bit() -> None:
    weight = NeuralNetwork_pb2.WeightParams()
    weight.rawValue = bytes([0b10111000, 0b10000000])  # 101 110 001
    weight.quantization.numberOfBits = 3
    weight.quantization.linearQuantization.scale.extend([0.5])
    weight.quantization.linearQuantization.bias.extend([-1])
    np.testing.assert_array_equal(decode(weight, (3,)).values, [1.5, 2, -0.5])
    assert decode(weight, (3,)).bits == 3


def test_an_empty_table_is_refused() -> None:
    weight = NeuralNetwork_pb2.WeightParams()
    weight.rawValue = bytes([0b10110000])
    weight.quantization.numberOfBits = 2
    weight.quantization.lookupTableQuantization.floatValue.extend([])
    with pytest.raises(UnsupportedError):
        decode(weight, (3,))


def test_too_few_codes_are_refused() -> None:
    weight = NeuralNetwork_pb2.WeightParams()
    weight.rawValue = bytes([0b10110000])
    weight.quantization.numberOfBits = 2
    weight.quantization.linearQuantization.scale.extend([0.5])
    weight.quantization.linearQuantization.bias.extend([-1])
    with pytest.raises(UnsupportedError, match="too few"):
        decode(weight, (9,))


def test_a_recurrent_layer_has_no_translation_in_this_format(tmp_path: Path) -> None:
    nodes = [
        node("Transpose", ["x"], "t", perm=[1, 0, 2]),
        helper.make_node("LSTM", ["t_out", "w", "r"], ["", "h"], "odd", hidden_size=2),
        node("Transpose", ["h"], "b", "y", perm=[1, 0, 2]),
    ]
    weights = {"w": noise(1, 8, 3), "r": noise(1, 8, 2)}
    source = normalised(graph(nodes, (5, 3), weights), tmp_path)
    with pytest.raises(UnsupportedError, match="LSTM"):
        convert_network(onnx.load(source), tmp_path / "n.mlmodel")
