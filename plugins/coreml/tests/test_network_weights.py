"""Weights of the older format against coremltools' own decoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import Artifact, UnsupportedError
from boildown.testing.graphs import GRAPHS
from boildown_coreml.convert import convert_network
from boildown_coreml.layers import layers
from boildown_coreml.neuralnetwork import stored_network_weights, translate_network
from boildown_coreml.neuralnetwork.weights import decode
from boildown_coreml.toolkit import ct, silently
from onnx import helper
from programs import run
from sources import context_of, difference, graph, node, noise, normalised, samples

with silently():
    from coremltools.models.neural_network import quantization_utils
    from coremltools.proto import NeuralNetwork_pb2


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
