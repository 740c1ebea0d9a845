"""Few bits in a neural network (`.mlmodel`): every mode, with a table by k-means that is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boildown import Cluster, Quantize, UnsupportedError, cluster_weight
from boildown.recipe.steps import Layers
from boildown.testing.graphs import GRAPHS
from boildown.testing.jobs import decibels
from boildown_coreml.neuralnetwork.reading import read_network

from .jobs import form, normalised, run, states, weights

NETWORK = {"format": "mlmodel"}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return normalised(GRAPHS["plain"](), tmp_path_factory.mktemp("plain"))


def quantized(source: Path, bits: int, mode: str, **more: Any) -> Any:
    step = Quantize.model_validate({"weights": f"int{bits}", **more})
    return run(source, step, settings={**NETWORK, "mode": mode})


@pytest.mark.parametrize("mode", ["linear", "linear_lut", "kmeans_lut", "custom_lut"])
@pytest.mark.parametrize("bits", range(1, 9))
def test_every_mode_stores_the_bits_that_were_asked(mode: str, bits: int, source: Path) -> None:
    found = states(quantized(source, bits, mode))
    assert {state.bits for state in found.values()} == {bits}
    if mode.endswith("lut"):
        assert max(state.distinct_values for state in found.values()) <= 2**bits


def test_float16_and_symmetric_int8_are_stored(source: Path) -> None:
    assert {s.bits for s in states(quantized(source, 8, "linear_symmetric")).values()} == {8}
    halves = run(source, Quantize(weights="float16"), settings=NETWORK)
    assert {s.bits for s in states(halves).values()} == {16}


def test_the_table_by_k_means_holds_boildowns_values(source: Path) -> None:
    found = weights(source, form(quantized(source, 3, "kmeans_lut")))
    before, random = weights(source, source), np.random.default_rng(0)
    for name, values in before.items():
        wanted = cluster_weight(values, Cluster(values=8), 0, random)
        np.testing.assert_allclose(found[name], wanted, rtol=1e-6)
        assert len(np.unique(found[name])) == 8


def test_k_means_is_nearer_than_even_steps_and_more_bits_than_fewer(source: Path) -> None:
    noise = {
        (bits, mode): decibels(source, form(quantized(source, bits, mode)))
        for bits in (3, 6)
        for mode in ("linear_lut", "kmeans_lut")
    }
    assert noise[3, "kmeans_lut"] > noise[3, "linear_lut"] + 2
    assert noise[6, "kmeans_lut"] > noise[3, "kmeans_lut"] + 10


def test_clustering_writes_a_table_a_layer(source: Path) -> None:
    found = states(run(source, Cluster(values=20), settings=NETWORK))
    assert {state.bits for state in found.values()} == {5}
    assert max(state.distinct_values for state in found.values()) == 20


def test_only_selected_layers_change_and_no_bias(source: Path) -> None:
    step = Quantize(layers=Layers(include=("wide", "fc")))
    result = run(source, step, settings=NETWORK)
    bits = {name: state.bits for name, state in states(result).items()}
    assert bits == {"stem": 32, "wide": 8, "deep": 32, "fc": 8}
    assert result.deployable is not None
    for layer in read_network(result.deployable.path)[1].layers:
        if layer.WhichOneof("layer") == "convolution":
            assert len(layer.convolution.bias.floatValue) == layer.convolution.outputChannels


@pytest.mark.parametrize(
    ("step", "mode", "reason"),
    [
        ({"weights": "int4"}, "linear_symmetric", "has 8 bits"),
        ({"weights": "int4", "symmetric": True}, "linear", "not symmetric"),
        ({"granularity": "channel"}, "linear_lut", "one table a layer"),
        ({"granularity": "tensor"}, "linear", "a scale a channel"),
        ({"activations": "float16"}, "linear", "the device"),
        ({"granularity": "block"}, "linear", "no scales for blocks"),
        ({"activations": "int8"}, "linear", "no quantized activations"),
        ({"symmetric": True}, "kmeans_lut", "neither range nor zero point"),
        ({"observer": "minmax"}, "kmeans_lut", "neither range nor zero point"),
        ({"weights": "float16"}, "linear", "halves have no codes"),
    ],
)
def test_what_a_mode_cannot_do_is_refused(
    step: dict[str, Any], mode: str, reason: str, source: Path
) -> None:
    with pytest.raises(UnsupportedError, match=reason):
        run(source, Quantize.model_validate(step), settings={**NETWORK, "mode": mode})


def test_weights_are_compressed_once(source: Path) -> None:
    with pytest.raises(UnsupportedError, match="compressed once"):
        run(source, Cluster(bits=4), Quantize(granularity="tensor"), settings=NETWORK)
