"""Whatever the backend offers it does: each value of each setting, as a worker runs it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest
from boildown import Artifact, Quantize, Recipe, Step
from boildown.negotiation.gaps import gaps
from boildown_onnxruntime.hooks import backend_info

from .cases import STEPS, label
from .conftest import Kit, shipped, states

#: Of so few bits that the outputs of a random network no longer resemble the source's.
COARSE = ("int1", "int2", "int3", "int4", "int5", "int6")
QUANTIZE = [step for step in STEPS if isinstance(step, Quantize)]
WAYS = [
    Quantize(activations="int8"),
    Quantize(activations="int8", granularity="tensor"),
    Quantize(activations="dynamic"),
    Quantize(weights="float16", activations="float16"),
    Quantize(granularity="block"),
]


def network_for(step: Step) -> str:
    """Blocks are for matrix products only; everything else is shown on convolutions."""
    return "transformer" if getattr(step, "granularity", None) == "block" else "cnn"


def decibels(signal: np.ndarray, other: np.ndarray) -> float:
    return float(10 * np.log10((signal**2).sum() / ((signal - other) ** 2).sum()))


@pytest.mark.parametrize("step", STEPS, ids=label)
def test_an_offer_is_kept(step: Step, kit: Callable[..., Kit]) -> None:
    made = kit(network_for(step))
    before = Artifact(path=made.source).digest
    result = made.run(step)
    weights, found = made.weights(), made.weights(path := shipped(result))
    assert Artifact(path=made.source).digest == before
    assert list(states(result)) == [layer.name for layer in made.layers()]
    assert any(not np.array_equal(weights[name], found[name]) for name in weights)
    assert {name: w.shape for name, w in found.items()} == {n: w.shape for n, w in weights.items()}
    assert path.stat().st_size < made.source.stat().st_size
    assert made.output(path).shape == made.output(made.source).shape


@pytest.mark.parametrize("step", [s for s in QUANTIZE if s.weights not in COARSE], ids=label)
def test_quantized_networks_compute_nearly_the_same(
    step: Quantize, kit: Callable[..., Kit]
) -> None:
    made = kit(network_for(step))
    inputs = made.inputs(37, seed=1)  # those that the activations were calibrated on
    found = made.output(shipped(made.run(step)), inputs)
    assert decibels(made.output(made.source, inputs), found) > 20


def test_the_measure_of_nearness_tells_a_coarse_network_from_a_fine_one(
    kit: Callable[..., Kit],
) -> None:
    made = kit()
    found = made.output(shipped(made.run(Quantize(weights="int2"))))
    assert decibels(made.output(made.source), found) < 5


@pytest.mark.parametrize("step", STEPS, ids=label)
def test_no_offer_is_a_gap(step: Step) -> None:
    info = backend_info()
    assert not gaps(
        Recipe(recipe=1, name="one", steps=(step,)),
        info.offers,
        refusals=info.refusals,
        platforms=info.platforms,
        backend="onnxruntime",
        available=frozenset({"samples"}),
        platform="linux",
    )


@pytest.mark.parametrize("network", ["two_inputs", "shared", "scaled_gemm"])
@pytest.mark.parametrize("step", WAYS, ids=label)
def test_every_way_of_quantizing_takes_unusual_graphs(
    step: Quantize, network: str, kit: Callable[..., Kit]
) -> None:
    made = kit(network)
    result = made.run(step)
    onnx.checker.check_model(onnx.load(path := shipped(result)), full_check=True)
    products = [layer.name for layer in made.layers() if layer.op == "Gemm"]
    assert max(states(result)[name].bits for name in products) <= 16
    inputs = made.inputs(37, seed=1)
    assert decibels(made.output(made.source, inputs), made.output(path, inputs)) > 25


@pytest.mark.parametrize("step", [*WAYS[:4], Quantize(weights="int4")], ids=label)
def test_the_same_seed_makes_the_same_bytes(step: Quantize, kit: Callable[..., Kit]) -> None:
    made = kit()
    first, second = (shipped(made.run(step)).read_bytes() for _ in range(2))
    assert first == second
