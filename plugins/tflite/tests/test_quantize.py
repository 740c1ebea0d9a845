"""Quantization after training: the types that were asked for, in weights and at the ports."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from boildown import Quantize, UnsupportedError
from boildown.testing.builder import Graph
from boildown.testing.graphs import GRAPHS
from boildown.testing.jobs import decibels, first_step, fixed_batch
from boildown_tflite.flatbuffer import read_file
from onnx import ModelProto, numpy_helper

from .jobs import form, normalised, run, states

INT8 = Quantize(weights="int8", activations="int8")


@pytest.mark.parametrize(
    ("weights", "activations", "bits"),
    [
        ("float16", "float32", 16), ("int8", "float32", 8), ("int4", "float32", 4),
        ("int8", "int8", 8), ("int8", "int16", 8), ("int4", "dynamic", 4),
    ],
)  # fmt: skip
def test_weights_take_the_bits_that_were_asked(
    weights: str, activations: str, bits: int, tmp_path: Path
) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    step = Quantize.model_validate({"weights": weights, "activations": activations})
    assert {state.bits for state in states(run(source, step)).values()} == {bits}


def test_constants_behind_the_model_come_inside(tmp_path: Path) -> None:
    """AI Edge Quantizer puts them there from 256 kB on."""
    source = normalised(wide(), tmp_path)
    result = run(source, Quantize(weights="int4"))
    assert {state.bits for state in states(result).values()} == {4}
    assert decibels(source, form(result)) > 10


def wide() -> ModelProto:
    graph = Graph(0)
    x = graph.relu(graph.conv("x", "stem", 64, 3, 3, 3))
    x = graph.relu(graph.conv(x, "deep", 512, 64, 3, 3, scale=0.05))
    x = graph.relu(graph.conv(x, "wide", 1024, 512, 3, 3, scale=0.02))
    return graph.model({"x": (3, 12, 12)}, graph.head(x, 1024))


def test_dynamic_leaves_small_layers_and_says_so(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    result = run(source, Quantize(weights="int8", activations="dynamic"))
    assert {name for name, state in states(result).items() if state.bits == 32} == {"stem", "fc"}
    (warned,) = result.steps[0].warnings
    assert warned.code == "PARTIAL"
    assert "'stem', 'fc'" in warned.text


@pytest.mark.parametrize(("activations", "reason"), [("dynamic", "other"), ("int16", "other")])
def test_what_is_another_computation_has_no_onnx_form(
    activations: str, reason: str, tmp_path: Path
) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    step = Quantize.model_validate({"weights": "int8", "activations": activations})
    result = run(source, step)
    assert result.onnx is None
    assert result.onnx_reason


@pytest.mark.parametrize("io", ["int8", "uint8"])
def test_ports_are_integers_where_asked(io: str, tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    result = run(source, INT8.model_copy(update={"with_": {"tflite": {"io": io}}}))
    assert result.deployable is not None, result.reason
    file = read_file(result.deployable.path)
    assert {file.tensors[index].type for index in (*file.inputs, *file.outputs)} == {io.upper()}


def test_ports_that_a_precision_does_not_have_are_refused(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    step = Quantize.model_validate({"weights": "float16", "with": {"tflite": {"io": "int8"}}})
    with pytest.raises(UnsupportedError, match="ports"):
        run(source, step)


def test_fewer_bits_are_farther_from_the_source(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    noise = {
        weights: decibels(source, form(run(source, Quantize.model_validate({"weights": weights}))))
        for weights in ("float16", "int8", "int4")
    }
    assert noise["float16"] > noise["int8"] + 10 > noise["int4"] + 20


def test_zeros_and_shared_values_are_still_there_in_int8(tmp_path: Path) -> None:
    from boildown import Cluster, Prune

    source = normalised(GRAPHS["batch_norm"](), tmp_path)
    steps = Prune(sparsity=0.5), Cluster(bits=4, keep_sparsity=True), INT8
    for state in states(run(source, *steps)).values():
        assert state.sparsity >= 0.5
        assert state.distinct_values <= 16 * max(state.shape)


@pytest.mark.parametrize(
    "settings", [{"weights": "int2"}, {"weights": "bfloat16"}, {"granularity": "tensor"}]
)
def test_what_has_no_kernel_is_a_gap(settings: dict[str, str], tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    with pytest.raises(UnsupportedError, match="TensorFlow Lite"):
        run(source, Quantize.model_validate(settings))


def test_weights_that_halves_cannot_hold_are_told(tmp_path: Path) -> None:
    model = GRAPHS["plain"]()
    for tensor in model.graph.initializer:
        if tensor.name == "deep.weight":
            values = numpy_helper.to_array(tensor).copy()
            values[0, 0, 0, 0] = 1e5
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
    step = Quantize(weights="float16")
    (how,) = run(normalised(model, tmp_path), step).steps[0].approximations
    assert how.startswith("1 number is beyond what float16 can hold")
    assert "1 of 'deep'" in how
    assert not run(normalised(GRAPHS["plain"](), tmp_path), step).steps[0].approximations


@pytest.mark.parametrize("batch", [10, 50])
def test_a_fixed_batch_is_calibrated_with_all_samples(batch: int, tmp_path: Path) -> None:
    source, arrays = fixed_batch(batch, tmp_path)
    made = onnx.load(form(run(source, INT8, arrays=arrays)))
    step = first_step(made)
    assert step * 255 > 50


def test_symmetric_activations_are_told_as_approximated(tmp_path: Path) -> None:
    source = normalised(GRAPHS["plain"](), tmp_path)
    assert run(source, INT8).steps[0].approximations == ()
    asked = run(source, INT8.model_copy(update={"symmetric": True}))
    (how,) = asked.steps[0].approximations
    assert "activations have a zero point" in how
    made = onnx.load(form(asked)).graph
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in made.initializer}
    zeros = [constants[n.input[2]] for n in made.node if n.op_type == "QuantizeLinear"]
    assert any(zero != 0 for zero in zeros)
