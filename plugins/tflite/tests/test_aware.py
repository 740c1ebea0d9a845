"""Quantization-aware training: int8 files that learn, alone and behind pruning and clustering."""

from __future__ import annotations

from pathlib import Path

import pytest
from boildown import Artifact, Cluster, Prune, Quantize, Train, read_graph
from boildown.recipe.steps import Layers
from boildown.testing.graphs import GRAPHS
from boildown.testing.jobs import loss
from boildown_tflite.aware import annotated
from boildown_tflite.importer import import_onnx
from boildown_tflite.quantization import PlainScheme, quantize_apply, quantize_scope
from boildown_tflite.ranges import begin_at

from .jobs import form, normalised, run, samples, states

TRAIN = Train(epochs=4, batch_size=8, learning_rate=3e-3)
AWARE = Quantize(weights="int8", activations="int8", train=TRAIN)


@pytest.mark.parametrize("network", ["batch_norm", "plain", "residual", "depthwise", "concat"])
def test_every_weight_is_int8_and_the_network_has_learnt(network: str, tmp_path: Path) -> None:
    source = normalised(GRAPHS[network](), tmp_path)
    result = run(source, AWARE)
    assert {state.bits for state in states(result).values()} == {8}
    assert loss(source, form(result)) < 0.95 * loss(source, source)


def test_a_layer_that_the_converter_leaves_in_float_is_named(tmp_path: Path) -> None:
    source = normalised(GRAPHS["grouped"](), tmp_path)  # groups with dilations
    result = run(source, AWARE)
    assert states(result)["grouped"].bits == 32
    assert [(w.code, "'grouped'" in w.text) for w in result.steps[0].warnings] == [
        ("PARTIAL", True)
    ]


@pytest.mark.parametrize("network", ["batch_norm", "plain"])
def test_zeros_of_an_earlier_step_last(network: str, tmp_path: Path) -> None:
    source = normalised(GRAPHS[network](), tmp_path)
    result = run(source, Prune(sparsity=0.6), AWARE)
    assert min(state.sparsity for state in states(result).values()) >= 0.595


def test_shared_values_and_zeros_of_earlier_steps_last(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    both = run(source, Prune(sparsity=0.6), Cluster(bits=3, keep_sparsity=True), AWARE)
    for state in states(both).values():
        assert state.sparsity >= 0.595
        # Each output channel has a scale of its own, and so the eight values in codes of its own.
        assert state.distinct_values <= 8 * state.shape[0]
    assert states(both)["deep"].distinct_values < states(run(source, AWARE))["deep"].distinct_values


def test_a_layer_without_zeros_costs_no_other_its_zeros(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    most = Prune(sparsity=0.6, layers=Layers(exclude=("stem",)))
    found = states(run(source, most, Cluster(bits=3, keep_sparsity=True), AWARE))
    assert found["stem"].sparsity < 0.3
    assert min(found[name].sparsity for name in ("wide", "deep", "fc")) >= 0.595


def test_what_the_schemes_do_not_keep_is_told(tmp_path: Path) -> None:
    source = normalised(GRAPHS["depthwise"](), tmp_path)
    channels = AWARE.model_copy(update={"granularity": "channel"})
    told = {
        warned.text
        for warned in run(source, Cluster(bits=4), channels).steps[1].warnings
        if warned.code == "PARTIAL"
    }
    assert [("'depthwise'" in text, "'fc'" in text) for text in sorted(told)] == [
        (True, False),
        (True, True),
    ]
    assert [w.code for w in run(source, AWARE).steps[0].warnings] == []


@pytest.mark.parametrize("network", ["plain", "depthwise", "batch_norm"])
def test_every_kernel_is_rounded_while_training(network: str, tmp_path: Path) -> None:
    source = normalised(GRAPHS[network](), tmp_path)
    imported = import_onnx(read_graph(Artifact(path=source)), batch_norms_after=True)
    marked, left = annotated(imported.model)
    with quantize_scope():
        aware = quantize_apply(marked, PlainScheme())
    assert not left
    for name in imported.layers:
        layer = aware.get_layer(f"quant_{name}")
        if any("kernel" in variable.name for variable in layer.trainable_variables):
            assert any("kernel_min" in variable.name for variable in layer.variables), name


def test_ranges_begin_where_the_activations_are(tmp_path: Path) -> None:
    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    imported = import_onnx(read_graph(Artifact(path=source)), batch_norms_after=True)
    marked, _ = annotated(imported.model)
    with quantize_scope():
        aware = quantize_apply(marked, PlainScheme())
    images = samples(source)["x"].transpose(0, 2, 3, 1)
    begin_at(aware, imported.model, [[images]])
    (relu,) = [layer for layer in aware.layers if layer.name == "quant_deep_norm_out_relu"]
    found = {variable.name.rpartition("/")[2]: float(variable) for variable in relu.variables}
    made = imported.model.get_layer("deep_norm_out_relu").output
    seen = type(imported.model)(imported.model.inputs, made)(images).numpy()
    assert found["output_min:0"] == 0
    assert found["output_max:0"] == pytest.approx(seen.max(), rel=1e-5)
    assert found["output_max:0"] != pytest.approx(6)


def test_the_same_seed_makes_the_same_weights(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    assert states(run(source, AWARE)) == states(run(source, AWARE))
    assert states(run(source, AWARE, seed=1)) != states(run(source, AWARE))
