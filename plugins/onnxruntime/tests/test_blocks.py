"""Blocks (MatMulNBits): codes of each block, layouts of Gemm, what cannot be done."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from boildown import Quantize, UnsupportedError
from boildown.recipe.steps import Layers

from .conftest import Kit, shipped, states
from .graphs import IMAGE, TOKENS, Graph

NETWORKS = ("cnn", "transformer", "shared", "scaled_gemm")


def block_wise(columns: np.ndarray, block: int, bits: int) -> np.ndarray:
    """Round (inputs, outputs) as MatMulNBits does: one scale for `block` inputs of an output.

    The weight of the greatest size, with its sign, becomes the code of -2^(bits - 1).
    """
    result = np.zeros_like(columns)
    half = 1 << (bits - 1)
    for start in range(0, len(columns), block):
        part = columns[start : start + block]
        greatest = np.take_along_axis(part, np.abs(part).argmax(axis=0)[None], axis=0)
        scale = np.where(greatest == 0, 1, greatest / -half)
        result[start : start + block] = np.clip(np.rint(part / scale), -half, half - 1) * scale
    return result


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("block", [16, 32, 64])
@pytest.mark.parametrize("network", NETWORKS)
def test_each_block_has_a_scale_of_its_own(
    network: str, block: int, bits: int, kit: Callable[..., Kit]
) -> None:
    made = kit(network)
    step = Quantize(weights=f"int{bits}", granularity="block", block_size=block)
    found, before = made.weights(shipped(made.run(step))), made.weights()
    for layer in (x for x in made.layers() if x.op in ("Gemm", "MatMul")):
        old, new = (np.moveaxis(w[layer.name], layer.axis, 1) for w in (before, found))
        wanted = block_wise(old, block, bits)
        step_size = np.abs(old).max() / (1 << (bits - 1))
        assert np.abs(new - wanted).max() < 1.01 * step_size
        assert np.mean(np.abs(new - wanted) > 1e-5) < 0.01, layer.name


def test_asymmetric_blocks_are_nearer(kit: Callable[..., Kit]) -> None:
    made = kit("transformer")
    before, errors = made.weights()["up"], []
    for symmetric in (True, False):
        step = Quantize(weights="int4", granularity="block", symmetric=symmetric)
        found = made.weights(shipped(made.run(step)))["up"]
        errors.append(float(((before - found) ** 2).mean()))
    assert errors[1] < errors[0]


def test_only_products_change_and_only_selected_ones(kit: Callable[..., Kit]) -> None:
    made = kit("transformer")
    step = Quantize(weights="int4", granularity="block", layers=Layers(exclude=("q", "down")))
    bits = {name: state.bits for name, state in states(made.run(step)).items()}
    assert {name for name, value in bits.items() if value == 4} == {"k", "v", "o", "up", "c"}


def test_products_with_factors_stay_exact_but_for_the_codes(kit: Callable[..., Kit]) -> None:
    made = kit("scaled_gemm")
    path = shipped(made.run(Quantize(granularity="block")))
    ops = [node.op_type for node in onnx.load(path).graph.node]
    assert ops.count("MatMulNBits") == 2
    np.testing.assert_allclose(made.output(path), made.output(made.source), atol=0.05)


@pytest.mark.parametrize("network", ["recurrent", "convolutions", "left"])
def test_a_network_without_products_is_refused(network: str, kit: Callable[..., Kit]) -> None:
    g = Graph(0)
    models = {
        "convolutions": lambda: g.model({"x": IMAGE}, g.conv("x", "c", 4, 3, 3, 3), 17),
        "left": lambda: g.model(
            {"x": TOKENS}, g.node("MatMul", [g.weight("w", 4, 6), "x"], "left"), 17
        ),
    }
    made = kit(models[network]() if network in models else network)
    with pytest.raises(UnsupportedError, match="use granularity channel"):
        made.run(Quantize(granularity="block"))


def test_a_gemm_that_transposes_its_input_is_refused_by_name(kit: Callable[..., Kit]) -> None:
    g = Graph(0)
    turned = g.node("Transpose", ["x"], "turn", perm=[1, 0])
    product = g.node("Gemm", [turned, g.weight("w", 32, 10)], "odd", transA=1)
    made = kit(g.model({"x": (32,)}, product, 17))
    with pytest.raises(UnsupportedError, match="'odd' is a Gemm that transposes its input"):
        made.run(Quantize(granularity="block"))
