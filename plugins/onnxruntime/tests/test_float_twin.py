"""The float twin, the untouched source as it ships: the same weights, outputs and open batch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from boildown import Quantize

from .conftest import Kit, shipped
from .graphs import NETWORKS


@pytest.mark.parametrize("network", NETWORKS)
def test_the_float_twin_computes_what_the_source_does(
    network: str, kit: Callable[..., Kit]
) -> None:
    made = kit(network)
    twin = shipped(made.run())
    source, found = made.output(made.source), made.output(twin)
    assert np.abs(found - source).max() <= 1e-6 * np.abs(source).max()
    assert twin.stat().st_size < made.source.stat().st_size


def test_that_bound_is_below_what_half_precision_does(kit: Callable[..., Kit]) -> None:
    made = kit()
    source, half = (
        made.output(made.source),
        made.output(shipped(made.run(Quantize(weights="float16")))),
    )
    assert np.abs(half - source).max() > 1e-5 * np.abs(source).max()


@pytest.mark.parametrize("network", NETWORKS)
def test_the_float_twin_holds_the_very_weights_of_the_source(
    network: str, kit: Callable[..., Kit]
) -> None:
    made = kit(network)
    result = made.run()
    found = made.weights(shipped(result))
    for name, weight in made.weights().items():
        assert np.array_equal(found[name], weight)
    assert {state.bits for state in result.layers or ()} == {32}


@pytest.mark.parametrize("size", [1, 2, 7])
@pytest.mark.parametrize("step", [None, Quantize(activations="int8"), Quantize(weights="int4")])
def test_the_batch_stays_open(step: Quantize | None, size: int, kit: Callable[..., Kit]) -> None:
    made = kit()
    path = shipped(made.run(*[step] if step else []))
    assert onnx.load(path).graph.input[0].type.tensor_type.shape.dim[0].dim_param
    assert made.output(path, made.inputs(size)).shape == (size, 10)


def test_batch_norms_in_two_vectors_compute_what_they_did_in_four(kit: Callable[..., Kit]) -> None:
    made = kit()
    twin = shipped(made.run())
    np.testing.assert_allclose(
        made.output(twin, made.inputs(37)), made.output(made.source, made.inputs(37)), atol=1e-5
    )
    for name, weight in made.weights(twin).items():
        assert np.array_equal(weight, made.weights()[name])


def test_files_of_few_bits_get_smaller(
    kit: Callable[..., Kit], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = kit()
    merged = shipped(made.run(Quantize(weights="int2"))).stat().st_size
    monkeypatch.setattr("boildown.shipping.deploy.merge_batch_norms", lambda _graph: None)
    assert merged < shipped(made.run(Quantize(weights="int2"))).stat().st_size - 150
