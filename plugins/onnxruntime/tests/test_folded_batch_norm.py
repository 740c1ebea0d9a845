"""Static int8 per tensor where a batch norm is folded: one set of codes, the factor in the scale.

The network has channels whose batch norm factor is negative, and some where it is zero.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from boildown import Cluster, Prune, Quantize
from boildown.job.protocol import JobResult
from boildown.recipe.steps import Layers
from onnx import numpy_helper

from .conftest import Kit, shipped

TENSOR = Quantize(activations="int8", granularity="tensor")
CHANNEL = Quantize(activations="int8", granularity="channel")
SHARED = (Prune(sparsity=0.5), Cluster(bits=4, keep_sparsity=True))
#: Convolution -> the batch norm behind it.
FOLDED = {"stem": "bn1", "depthwise": "bn2", "grouped": "bn3", "wide": "bn4"}
PLAIN = ("side", "hidden", "head")


def codes(result: JobResult, layer: str) -> np.ndarray:
    """Return the stored integers of a layer, as the quantizer wrote them."""
    model = onnx.load(result.steps[-1].artifact.path)
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    weight = next(node.input[1] for node in model.graph.node if node.name == layer)
    before = next(node for node in model.graph.node if weight in node.output)
    assert before.op_type == "DequantizeLinear"
    values: np.ndarray = numpy_helper.to_array(tensors[before.input[0]])
    return values


def factors(kit: Kit, norm: str) -> np.ndarray:
    """Return by what a batch norm multiplies each channel: gamma / sqrt(variance + 1e-5)."""
    values = {t.name: numpy_helper.to_array(t) for t in onnx.load(kit.source).graph.initializer}
    factor: np.ndarray = values[f"{norm}.gamma"] / np.sqrt(values[f"{norm}.var"] + 1e-5)
    return factor


def test_the_network_turns_and_silences_channels(kit: Callable[..., Kit]) -> None:
    for norm in FOLDED.values():
        factor = factors(kit(), norm)
        assert (factor < 0).any()
        assert (factor == 0).any()


@pytest.mark.parametrize("layer", FOLDED)
def test_a_folded_weight_has_the_codes_that_it_had_before(
    layer: str, kit: Callable[..., Kit]
) -> None:
    made = kit()
    weight, found = made.weights()[layer], made.weights(shipped(made.run(TENSOR)))[layer]
    scale = np.abs(weight).max() / 63
    factor = factors(made, FOLDED[layer]).reshape(-1, 1, 1, 1)
    wanted = np.rint(weight / scale) * scale * factor
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6)


@pytest.mark.parametrize("layer", PLAIN)
def test_a_weight_without_batch_norm_has_one_scale(layer: str, kit: Callable[..., Kit]) -> None:
    made = kit()
    weight, found = made.weights()[layer], made.weights(shipped(made.run(TENSOR)))[layer]
    scale = np.abs(weight).max() / 63
    np.testing.assert_allclose(found, np.rint(weight / scale) * scale, rtol=0, atol=1e-6)


@pytest.mark.parametrize("layer", [*FOLDED, *PLAIN])
def test_sixteen_values_stay_sixteen_codes_and_zeros_stay_zeros(
    layer: str, kit: Callable[..., Kit]
) -> None:
    made = kit()
    result = made.run(*SHARED, TENSOR)
    before = made.weights(result.steps[1].artifact.path)[layer]
    assert len(np.unique(before)) == 16
    assert len(np.unique(codes(result, layer))) <= 16
    assert not made.weights(shipped(result))[layer][before == 0].any()


def test_scales_for_each_channel_would_scatter_the_values(kit: Callable[..., Kit]) -> None:
    """Negative control of the sixteen codes."""
    result = kit().run(*SHARED, CHANNEL)
    assert min(len(np.unique(codes(result, layer))) for layer in ("stem", "wide", "head")) > 16


def test_few_codes_make_a_smaller_file_than_many(kit: Callable[..., Kit]) -> None:
    made = kit()
    few, many = (shipped(made.run(*SHARED, step)).stat().st_size for step in (TENSOR, CHANNEL))
    assert few < 0.8 * many


@pytest.mark.parametrize("step", [TENSOR, CHANNEL])
def test_the_outputs_are_near_those_of_the_chain_in_float(
    step: Quantize, kit: Callable[..., Kit]
) -> None:
    made = kit()
    result, inputs = made.run(*SHARED, step), made.inputs(37, seed=1)
    chain = made.output(result.steps[1].artifact.path, inputs)
    found = made.output(shipped(result), inputs)
    assert ((found - chain) ** 2).sum() < 0.01 * (chain**2).sum()


def test_integer_kernels_compute_what_the_file_says(kit: Callable[..., Kit]) -> None:
    """Scales may be negative: fused kernels must agree with the plain operators."""
    made = kit()
    path = shipped(made.run(*SHARED, TENSOR))
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    plain = onnxruntime.InferenceSession(path, options).run(["y"], made.inputs(37))[0]
    np.testing.assert_allclose(made.output(path, made.inputs(37)), plain, rtol=0, atol=0.05)
    assert (scales(path) < 0).any()


def scales(path: Path) -> np.ndarray:
    tensors = {tensor.name: tensor for tensor in onnx.load(path).graph.initializer}
    nodes = [n for n in onnx.load(path).graph.node if n.op_type == "DequantizeLinear"]
    found = [numpy_helper.to_array(tensors[n.input[1]]) for n in nodes if n.input[1] in tensors]
    return np.concatenate([values.ravel() for values in found])


def test_the_reader_is_told_that_scales_differ_from_channel_to_channel(
    kit: Callable[..., Kit],
) -> None:
    told = kit().run(TENSOR).steps[0].approximations
    assert any("batch norm" in text for text in told)
    assert not any("batch norm" in text for text in kit().run(CHANNEL).steps[0].approximations)
    assert not any(
        "batch norm" in t for t in kit("transformer").run(TENSOR).steps[0].approximations
    )


@pytest.mark.parametrize("activations", ["int8", "dynamic"])
def test_no_batch_norm_is_folded_into_a_layer_that_is_left_out(
    activations: str, kit: Callable[..., Kit]
) -> None:
    made, step = kit(), Quantize(activations=activations, layers=Layers(exclude=("wide",)))
    found = made.weights(shipped(made.run(step)))
    assert np.array_equal(found["wide"], made.weights()["wide"])
    assert not np.array_equal(found["stem"], made.weights()["stem"])


def test_few_values_stay_few_behind_dynamic_int8(kit: Callable[..., Kit]) -> None:
    made, dynamic = kit(), Quantize(activations="dynamic", granularity="tensor")
    found = made.weights(shipped(made.run(Cluster(bits=3), dynamic)))
    assert max(len(np.unique(found[layer])) for layer in FOLDED) <= 8
    # Alone the step folds them.
    folded = made.weights(shipped(made.run(Quantize(activations="dynamic"))))
    assert min(len(np.unique(folded[layer])) for layer in FOLDED) > 8
