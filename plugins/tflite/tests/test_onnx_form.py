"""The ONNX form of a file is the same network under the source's names, or it is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import (
    Artifact,
    Context,
    OnnxRuntime,
    Quantize,
    UnsupportedError,
    onnx_layer_states,
    source_layers,
)
from boildown_tflite.convert import Io, Mode, to_tflite
from boildown_tflite.deploy import deploy, to_onnx
from boildown_tflite.edge import quantize_weights
from boildown_tflite.flatbuffer import read_bytes, read_file
from boildown_tflite.importer import import_onnx
from boildown_tflite.keras import tf, tf_keras
from boildown_tflite.layers import layers
from boildown_tflite.onnx_form import averaging, forming
from boildown_tflite.onnx_form.translating import translate
from boildown_tflite.onnx_form.verifying import refuse_differences
from boildown_tflite.runtime import LiteRuntime
from files import MODES, NATIVE, apart, converted, network, samples, written
from keras_parity import normalized
from onnx import helper, numpy_helper
from twins import Twins

L = tf_keras.layers
SIDE, CHANNELS = 6, 8


def both(
    given: tuple[Artifact, Context], inputs: dict[str, np.ndarray]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return what LiteRT makes of the file, and ONNX Runtime of its ONNX form."""
    return LiteRuntime(*given).run(inputs), OnnxRuntime(to_onnx(*given).path).run(inputs)


def scores_of(found: dict[str, np.ndarray]) -> np.ndarray:
    return found["scores"].argmax(1)


@pytest.mark.parametrize(("mode", "io"), MODES)
def test_the_form_computes_what_the_file_does(mode: Mode, io: Io, tmp_path: Path) -> None:
    given = written(converted(mode, io).content, network().onnx, tmp_path)
    native, form = both(given, samples(300, 1))
    assert list(form) == list(native) == ["scores", "map"]
    assert (scores_of(native) == scores_of(form)).mean() >= 0.995
    if mode == "int8":
        # Behind the transposed convolution, whose kernel rounds twice, codes may differ by one.
        np.testing.assert_array_equal(form["map"], native["map"])
        assert apart(form["scores"], native["scores"]) < 0.03
    else:
        assert all(apart(form[name], native[name]) < 2e-6 for name in native)


@pytest.mark.parametrize("count", [1, 7])
def test_the_batch_stays_open(count: int, tmp_path: Path) -> None:
    native, form = both(
        written(converted("float32").content, network().onnx, tmp_path), samples(count)
    )
    assert form["scores"].shape == native["scores"].shape == (count, 10)
    assert form["map"].shape == native["map"].shape == (count, 4, 6, 6)


@pytest.mark.parametrize(("mode", "io"), MODES)
def test_the_form_has_the_ports_of_the_source_and_passes_the_check(
    mode: Mode, io: Io, tmp_path: Path
) -> None:
    form = onnx.load(to_onnx(*written(converted(mode, io).content, network().onnx, tmp_path)).path)
    onnx.checker.check_model(form, full_check=True)
    assert list(form.graph.input) == list(network().onnx.graph.input)
    assert list(form.graph.output) == list(network().onnx.graph.output)


@pytest.mark.parametrize(("mode", "io"), MODES)
def test_the_form_holds_the_layers_that_the_file_holds(mode: Mode, io: Io, tmp_path: Path) -> None:
    deployable, context = written(converted(mode, io).content, network().onnx, tmp_path)
    source = source_layers(context.original.path)
    form = onnx_layer_states(to_onnx(deployable, context).path, source)
    for ours, theirs in zip(layers(deployable, context), form, strict=True):
        assert (ours.layer, ours.values_digest) == (theirs.layer, theirs.values_digest)
        assert ours.bits == theirs.bits


@pytest.mark.parametrize("weights", ["int8", "int4"])
def test_weights_alone_in_integers_are_the_same_computation(weights: str, tmp_path: Path) -> None:
    step = Quantize(weights=weights, activations="float32")
    content = quantize_weights(converted("float32").content, step).content
    deployable, context = written(content, network().onnx, tmp_path)
    native, form = both((deployable, context), samples())
    assert all(apart(form[name], native[name]) < 1e-5 for name in native)
    source = source_layers(context.original.path)
    decoded = onnx_layer_states(tmp_path / "model.onnx", source)
    ours = layers(deployable, context)
    assert [s.values_digest for s in ours] == [s.values_digest for s in decoded]
    assert min(state.bits for state in ours) == {"int8": 8, "int4": 4}[weights]


@pytest.mark.parametrize(("mode", "io"), NATIVE)
def test_another_computation_is_refused_with_its_operator(
    mode: Mode, io: Io, tmp_path: Path
) -> None:
    said = {"dynamic": "TRANSPOSE_CONV.*dynamic range", "int16x8": "int16"}[mode]
    with pytest.raises(UnsupportedError, match=said):
        to_onnx(*written(converted(mode, io).content, network().onnx, tmp_path))


def test_rounding_averages_as_onnx_does_would_be_another_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative control of the rewriting of average pools."""
    given = written(converted("int8").content, network().onnx, tmp_path)
    native, form = both(given, samples(300, 1))
    monkeypatch.setattr(forming, "round_averages", lambda _model: None)
    plain = OnnxRuntime(to_onnx(*given).path).run(samples(300, 1))
    gaps = [np.abs(f["scores"] - native["scores"]).mean() for f in (form, plain)]
    assert gaps[0] < 0.2 * gaps[1]
    assert (scores_of(plain) == scores_of(native)).mean() < 0.995
    assert averaging.__doc__


def test_a_form_with_other_numbers_is_refused(tmp_path: Path) -> None:
    """Negative control of the comparison that ends every translation."""
    deployable, context = written(converted("float32").content, network().onnx, tmp_path)
    file, path = read_file(deployable.path), to_onnx(deployable, context).path
    refuse_differences(Artifact(path=path), deployable, file, context)
    model = onnx.load(path)
    bias = next(t for t in model.graph.initializer if t.dims == [10])
    bias.CopyFrom(numpy_helper.from_array(np.zeros(10, np.float32), bias.name))
    onnx.save(model, path)
    with pytest.raises(UnsupportedError, match="another network: output 'scores'"):
        refuse_differences(Artifact(path=path), deployable, file, context)


@pytest.mark.parametrize("mode", ["float32", "int8"])
def test_the_bias_that_tf2onnx_loses_is_there(mode: Mode, tmp_path: Path) -> None:
    g = Twins(3)
    made = g.finished(scores=g.dense(g.mean(g.conv(g.start, "stem", 8), "mean"), "fc", 10))
    for port in (*made.onnx.graph.input, *made.onnx.graph.output):
        port.type.tensor_type.shape.dim[0].dim_value = 1
    source = normalized(made.onnx)
    imported = import_onnx(source)
    converted_ = to_tflite(imported.model, source, imported.layers, mode, [samples()])
    given = written(converted_.content, source, tmp_path)
    translated = translate(given[0].path, read_file(given[0].path), tmp_path)
    names = {node.op_type for node in translated.graph.node}
    assert not names & {"Add", "Gemm"}  # it is lost
    native, form = both(given, samples(1))
    assert apart(form["scores"], native["scores"]) < 1e-5


OPERATORS: dict[str, tuple[Callable[[Any], Any], float]] = {
    "add": (lambda x: L.Add()([x, L.Conv2D(8, 1)(x)]), 0),
    "average": (L.AveragePooling2D(3, 1, padding="same"), 0),
    "average of pairs": (L.AveragePooling2D(2), 0),
    "concat": (lambda x: L.Concatenate()([x, L.Conv2D(8, 1)(x) * 0.3]), 0),
    "dilated": (L.Conv2D(8, 3, dilation_rate=2), 0),
    "gelu": (tf.nn.gelu, 0),
    "gelu by tanh": (lambda x: tf.nn.gelu(x, approximate=True), 0),
    "global": (L.GlobalAveragePooling2D(), 0),
    "grouped": (L.Conv2D(16, 3, groups=4), 0),
    "hard swish": (lambda x: x * tf.nn.relu6(x + 3) / 6.0, 0),
    "leaky": (L.LeakyReLU(0.1), 1),
    "largest": (L.MaxPooling2D(3, 1, padding="same"), 0),
    "mul": (lambda x: x * L.Conv2D(8, 1)(x), 0),
    "prelu": (L.PReLU(shared_axes=[1, 2], alpha_initializer="random_normal"), 1),
    "resized": (lambda x: tf.image.resize(x, (5, 9)), 1),
    "resized to the nearest": (lambda x: tf.image.resize(x, (5, 9), method="nearest"), 0),
    "sigmoid": (tf.sigmoid, 0),
    "slice": (lambda x: x[:, 1:5, ::2, :4], 0),
    "softmax": (lambda x: L.Softmax()(L.Flatten()(x)), 0),
    "squeezed": (lambda x: x * L.Conv2D(8, 1, activation="sigmoid")(
        L.GlobalAveragePooling2D(keepdims=True)(x)), 0),
    "transposed": (L.Conv2DTranspose(5, 3, 2, padding="same"), 1),
    "upsampled": (L.UpSampling2D(2), 0),
}  # fmt: skip


def ports_alone(shape: tuple[int, ...]) -> onnx.ModelProto:
    """Return an ONNX graph of which only the ports are looked at: nothing in it is a layer."""
    turned = [shape[-1], *shape[:-1]] if len(shape) == 3 else [*shape]
    ports = [
        helper.make_tensor_value_info("x", 1, ["n", CHANNELS, SIDE, SIDE]),
        helper.make_tensor_value_info("y", 1, ["n", *turned]),
    ]
    node = helper.make_node("Identity", ["x"], ["y"], name="only")
    graph = helper.make_graph([node], "g", ports[:1], ports[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


@pytest.mark.parametrize("name", OPERATORS)
def test_int8_operators_are_within_their_quanta(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boildown_tflite.convert.check", lambda *_: [])  # most have no weight
    operation, quanta = OPERATORS[name]
    tf_keras.utils.set_random_seed(0)
    start = L.Input((SIDE, SIDE, CHANNELS), name="x")
    model = tf_keras.Model(start, operation(start))
    inputs = {
        "x": np.random.default_rng(0).normal(0, 2, (100, CHANNELS, SIDE, SIDE)).astype(np.float32)
    }
    source = ports_alone(tuple(model.outputs[0].shape[1:]))
    content = to_tflite(model, source, {}, "int8", [inputs]).content
    file = read_bytes(content)
    (last,) = [o for o in file.operators if o.outputs[0] == file.outputs[0]]
    quantum = file.tensors[last.inputs[0]].quantization.scale[0]
    native, form = both(written(content, source, tmp_path), inputs)
    assert np.abs(native["y"] - form["y"]).max() / quantum < quanta + 1e-3


def test_the_float_twin_of_an_onnx_file_is_deployed_and_comes_back(tmp_path: Path) -> None:
    source = tmp_path / "source.onnx"
    onnx.save(normalized(network().onnx), source)
    context = Context(workdir=tmp_path, original=Artifact(path=source))
    deployable = deploy(Artifact(path=source), context)
    assert (deployable.format, deployable.path.name) == ("tflite", "model.tflite")
    native, form = both((deployable, context), samples())
    wanted = OnnxRuntime(source).run(samples())
    assert all(apart(found[n], wanted[n]) < 1e-5 for found in (native, form) for n in wanted)


def test_what_a_quantize_step_made_is_passed_on(tmp_path: Path) -> None:
    made, context = written(converted("int8").content, network().onnx, tmp_path)
    assert deploy(made, context).path.read_bytes() == converted("int8").content


def test_nothing_is_written_to_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    to_onnx(*written(converted("int8").content, network().onnx, tmp_path))
    assert capfd.readouterr() == ("", "")
