"""Static quantization: codes of each channel, integer kernels, and the eighth bit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from boildown import Quantize
from boildown.recipe.steps import Layers
from onnx import numpy_helper

from .conftest import Kit, session, shipped, states

STATIC = Quantize(activations="int8")


def codes(path: Path) -> dict[str, np.ndarray]:
    """Return the int8 weights of a file as a step leaves it, by the layers' node names."""
    graph = onnx.load(path).graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    read = {n.output[0]: n.input[0] for n in graph.node if n.op_type == "DequantizeLinear"}
    pairs = ((n.name, read.get(n.input[1], "")) for n in graph.node if len(n.input) > 1)
    return {name: stored[code] for name, code in pairs if code in stored}


def folded(kit: Kit) -> dict[str, np.ndarray]:
    """Return the weights of all layers, those before a batch norm multiplied by its factors."""
    graph = onnx.load(kit.source).graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    weights = kit.weights()
    for node in graph.node:
        if node.op_type == "BatchNormalization":
            gamma, _beta, _mean, var = (stored[name] for name in node.input[1:])
            conv = next(n.name for n in graph.node if node.input[0] in n.output)
            weights[conv] = weights[conv] * (gamma / np.sqrt(var + 1e-5)).reshape(-1, 1, 1, 1)
    return weights


@pytest.mark.parametrize("network", ["transformer", "two_inputs", "cnn", "scaled_gemm"])
@pytest.mark.parametrize(("narrow", "most"), [(True, 63.5), (False, 127)])
def test_weights_are_rounded_to_steps_of_the_greatest_of_their_channel(
    network: str,
    narrow: object,
    most: float,
    kit: Callable[..., Kit],
) -> None:
    made = kit(network)
    found = made.weights(shipped(made.run(STATIC, settings=({"reduce_range": narrow},))))
    wanted = folded(made)
    for layer in made.layers():
        old, new = (np.moveaxis(w[layer.name], layer.axis, 0) for w in (wanted, found))
        for before, after in zip(old, new, strict=True):
            # Half a step, and a little more where the greatest code is an odd one.
            assert np.abs(before - after).max() <= 0.52 * np.abs(before).max() / (most - 0.5) + 1e-6


@pytest.mark.parametrize("network", ["cnn", "two_inputs", "shared"])
def test_every_convolution_and_product_runs_on_integers(
    network: str, kit: Callable[..., Kit], tmp_path: Path
) -> None:
    made = kit(network)
    session(shipped(made.run(STATIC)), tmp_path / "optimized.onnx")
    ops = {node.op_type for node in onnx.load(tmp_path / "optimized.onnx").graph.node}
    assert ops >= {"QLinearConv", "QGemm"}
    assert not ops & {"Conv", "Gemm", "FusedConv", "FusedGemm", "MatMul"}


def test_only_selected_layers_become_integers(kit: Callable[..., Kit]) -> None:
    made = kit()
    result = made.run(STATIC.model_copy(update={"layers": Layers(include=("wide", "head"))}))
    assert {name for name, state in states(result).items() if state.bits <= 8} == {"wide", "head"}


def test_seven_bits_are_told_where_eight_were_asked(kit: Callable[..., Kit]) -> None:
    made = kit()
    told = [
        made.run(step, settings=(settings,)).steps[0]
        for step, settings in (
            (STATIC, {}),
            (STATIC, {"reduce_range": False}),
            (Quantize(weights="int7", activations="int8"), {}),
        )
    ]
    assert ["7 of the 8 bits" in " ".join(report.approximations) for report in told] == [1, 0, 0]
    assert [[w.code for w in report.warnings] for report in told] == [[], ["NOTE"], []]
    most = [np.abs(codes(report.artifact.path)["wide"].astype(int)).max() for report in told]
    assert (most[0], most[1], most[2]) == (63, 127, 63)
