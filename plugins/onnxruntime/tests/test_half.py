"""Graphs that compute in float16: outside they look as before, inside they can be decoded."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from boildown import Quantize
from onnx import TensorProto, numpy_helper

from .conftest import Kit, shipped, states
from .graphs import NETWORKS, cnn

HALF = Quantize(weights="float16", activations="float16")


@pytest.mark.parametrize("network", NETWORKS)
def test_every_layer_is_found_in_sixteen_bits(network: str, kit: Callable[..., Kit]) -> None:
    made = kit(network)
    result = made.run(HALF)
    onnx.checker.check_model(onnx.load(path := shipped(result)), full_check=True)
    assert {state.bits for state in states(result).values()} == {16}
    for name, weight in made.weights(path).items():
        np.testing.assert_array_equal(weight, made.weights()[name].astype(np.float16))


def test_inputs_and_outputs_stay_float32_under_their_names(kit: Callable[..., Kit]) -> None:
    made = kit("two_inputs")
    graph = onnx.load(shipped(made.run(HALF))).graph
    assert [value.name for value in graph.input] == ["x", "extra"]
    values = [*graph.input, *graph.output]
    assert {value.type.tensor_type.elem_type for value in values} == {TensorProto.FLOAT}
    assert values[0].type.tensor_type.shape.dim[0].dim_param == "N"


def test_that_it_is_slow_here_is_told(kit: Callable[..., Kit]) -> None:
    warnings = kit().run(HALF).steps[0].warnings
    assert [warning.code for warning in warnings] == ["NOTE"]
    assert "slow" in warnings[0].text


@pytest.mark.parametrize("step", [Quantize(weights="float16"), HALF])
def test_a_weight_beyond_float16_becomes_the_greatest_there_is_and_is_told(
    step: Quantize, kit: Callable[..., Kit]
) -> None:
    model = cnn()
    tensor = next(t for t in model.graph.initializer if t.name == "side.w")
    weight = numpy_helper.to_array(tensor).copy()
    weight.flat[:2] = 1e6, -1e6
    tensor.CopyFrom(numpy_helper.from_array(weight, tensor.name))
    made = kit(model)
    result = made.run(step)
    assert made.weights(shipped(result))["side"].ravel()[:2].tolist() == [65504, -65504]
    (how,) = result.steps[0].approximations
    assert "2 numbers are beyond what float16 can hold" in how
    assert how.endswith("±65,504: 2 of 'side'; bfloat16 holds them")
