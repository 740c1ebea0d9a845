"""A network that starts anew has the numbers that layers are drawn with, and nothing of the old."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from boildown import start_anew
from boildown.testing.builder import Graph
from boildown.testing.graphs import GRAPHS
from onnx import numpy_helper

from .networks import KEPT, NETWORKS


def tensors(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


def drawn(model: onnx.ModelProto, seed: int = 0) -> dict[str, np.ndarray]:
    before = model.SerializeToString()
    made = tensors(start_anew(model, seed))
    assert model.SerializeToString() == before
    return made


def test_convolutions_are_drawn_for_rectifiers_and_their_biases_are_zero() -> None:
    made = drawn(GRAPHS["plain"]())
    for name, inputs in (("wide", 16 * 9), ("deep", 48 * 9)):
        assert made[f"{name}.weight"].std() == pytest.approx(np.sqrt(2 / inputs), rel=0.05)
        assert not made[f"{name}.bias"].any()


def test_linear_layers_are_drawn_as_pytorch_draws_them() -> None:
    made, bound = drawn(GRAPHS["plain"]()), 1 / np.sqrt(32)
    for name in ("fc.weight", "fc.bias"):
        assert 0.5 * bound < np.abs(made[name]).max() <= bound
    products = drawn(GRAPHS["attention"]())
    assert 0.99 / 8 < np.abs(products["up.weight"]).max() <= 1 / 8
    assert np.abs(products["down.weight"]).max() <= 1 / np.sqrt(192)


def test_the_bias_that_is_added_to_a_product_is_drawn_with_it() -> None:
    g = Graph(0)
    x = g.node("MatMul", ["x", g.weight("fc.weight", 16, 40, scale=9)], "fc")
    x = g.node("Add", [x, g.weight("fc.bias", 40, scale=9)], "bias")
    x = g.node("Add", [x, g.weight("position", 40, scale=9)], "positions")
    model = g.model({"x": (16,)}, x)
    made = drawn(model)
    assert np.abs(made["fc.bias"]).max() <= 0.25
    assert np.array_equal(made["position"], tensors(model)["position"])


def test_norms_and_their_statistics_are_reset() -> None:
    made = drawn(GRAPHS["batch_norm"]())
    for part, value in (("gamma", 1), ("beta", 0), ("mean", 0), ("var", 1)):
        assert (made[f"stem_norm.{part}"] == value).all()
    normed = drawn(NETWORKS["normed"][0]())
    assert (normed["ln.w"] == 1).all()
    assert not normed["ln.b"].any()


def test_recurrent_layers_are_drawn_by_their_units() -> None:
    made = drawn(KEPT["recurrent"][0]())
    for name in ("lstm.W", "lstm.R"):
        assert 0.95 / np.sqrt(6) < np.abs(made[name]).max() <= 1 / np.sqrt(6)


def test_a_transposed_convolution_counts_inputs_as_pytorch_does() -> None:
    made = drawn(NETWORKS["transposed"][0]())
    assert 0.9 / np.sqrt(6 * 4) < np.abs(made["up.weight"]).max() <= 1 / np.sqrt(6 * 4)


def test_slopes_are_those_of_pytorch() -> None:
    assert (drawn(NETWORKS["sloped"][0]())["slope"] == 0.25).all()


@pytest.mark.parametrize("make", [GRAPHS["plain"], NETWORKS["shared"][0]])
def test_a_seed_repeats_and_another_draws_others(make: Callable[[], onnx.ModelProto]) -> None:
    one, same, other = (start_anew(make(), seed) for seed in (1, 1, 2))
    assert one == same
    assert not np.array_equal(tensors(one)["stem.weight"], tensors(other)["stem.weight"])
