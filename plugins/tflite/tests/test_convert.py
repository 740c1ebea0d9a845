"""A conversion gives the file that was asked for, or an error; TensorFlow itself says nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from boildown import DataError, UnsupportedError
from boildown_tflite.checking import check
from boildown_tflite.convert import Io, Mode, to_tflite
from boildown_tflite.flatbuffer import read_bytes
from boildown_tflite.keras import tf
from boildown_tflite.naming import read_names
from boildown_tflite.quiet import quietly
from boildown_tflite.runtime import LiteRuntime
from boildown_tflite.weights import weight_sites
from files import MODES, NATIVE, apart, by_source, converted, network, samples, written

#: Distance to the float source that rounding of each kind may make on this network.
FAR = {"float32": 1e-5, "float16": 3e-3, "dynamic": 0.05, "int8": 0.2, "int16x8": 0.1}
WEIGHTS = {"float32": "FLOAT32", "float16": "FLOAT16", "int8": "INT8", "int16x8": "INT8"}


@pytest.mark.parametrize(("mode", "io"), [*MODES, *NATIVE])
def test_the_file_computes_the_source_under_its_names(mode: Mode, io: Io, tmp_path: Path) -> None:
    deployable, context = written(converted(mode, io).content, network().onnx, tmp_path)
    found, wanted = LiteRuntime(deployable, context).run(samples()), by_source(context, samples())
    assert list(found) == list(wanted) == ["scores", "map"]
    for name, values in wanted.items():
        assert found[name].shape == values.shape
        assert apart(found[name], values) < FAR[mode]


@pytest.mark.parametrize("mode", WEIGHTS)
def test_every_weight_is_of_the_type_that_was_asked_for(mode: Mode) -> None:
    sites = weight_sites(read_bytes(converted(mode).content))
    assert len(sites) == 9
    assert {site.weight.type for site in sites} == {WEIGHTS[mode]}


@pytest.mark.parametrize(("mode", "io"), [*MODES, *NATIVE])
def test_ports_are_of_the_type_and_bear_the_names_that_were_asked_for(mode: Mode, io: Io) -> None:
    file = read_bytes(converted(mode, io).content)
    ports = [file.tensors[index] for index in (*file.inputs, *file.outputs)]
    assert [port.name for port in ports] == ["x", "scores", "map"]
    assert {port.type for port in ports} == {io.upper()}
    assert ports[0].signature == (-1, 12, 12, 3)


def test_layers_that_a_dynamic_file_keeps_in_float_are_told() -> None:
    kept = converted("dynamic").left
    assert "up" not in kept
    assert "stem/conv" in kept


def test_a_dynamic_file_that_would_keep_all_layers_in_float_is_refused() -> None:
    with pytest.raises(UnsupportedError, match=r"fewer than 1,024 weights"):
        converted("dynamic", name="same filter twice")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "no samples"),
        ([{"x": np.zeros((0, 3, 12, 12), np.float32)}], "no samples"),
        ([{"y": samples()["x"]}], "lack the input 'x'"),
        ([{"x": samples()["x"] * np.float32(np.nan)}], "NaN"),
        ([{"x": samples()["x"].transpose(0, 2, 3, 1)}], "does not take"),
    ],
)
def test_samples_that_cannot_calibrate_are_refused(given: list[dict], said: str) -> None:
    made = network()
    with pytest.raises(DataError, match=said):
        to_tflite(made.keras, made.onnx, made.layers, "int8", given)


def test_the_float_file_that_tensorflow_makes_without_samples_is_seen() -> None:
    """Negative control of the checks: this is the failure that they are for."""
    with quietly():
        converter = tf.lite.TFLiteConverter.from_keras_model(network().keras)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: iter(())
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        file = read_bytes(converter.convert())
    assert {site.data.type for site in weight_sites(file)} == {"FLOAT32"}
    with pytest.raises(UnsupportedError, match="has left every layer as it was"):
        check(file, "int8", "float32")


def test_ports_of_another_type_are_seen() -> None:
    file = read_bytes(converted("int8").content)
    assert check(file, "int8", "float32") == []
    with pytest.raises(UnsupportedError, match="were to be uint8"):
        check(file, "int8", "uint8")


def test_a_float_file_has_no_integer_ports() -> None:
    made = network()
    with pytest.raises(UnsupportedError, match="a float16 file can have float32 ports, not int8"):
        to_tflite(made.keras, made.onnx, made.layers, "float16", io="int8")


def test_each_of_two_layers_with_one_filter_finds_its_own_operator() -> None:
    file = read_bytes(converted("float32", name="same filter twice").content)
    outputs, missing = read_names(file)
    assert missing == {}
    assert len({outputs[name] for name in ("stem", "first", "second", "fc")}) == 4
    weights = {site.output: site.weight.buffer for site in weight_sites(file)}
    assert weights[outputs["first"]] == weights[outputs["second"]]


def test_a_layer_that_is_no_longer_there_is_told() -> None:
    made = network()
    layers = {"fc_2": "fc", **{k: v for k, v in made.layers.items() if v not in ("fc", "fc_2")}}
    content = to_tflite(made.keras, made.onnx, layers, "float32").content
    assert set(read_names(read_bytes(content))[1]) == {"fc_2"}


def test_importing_tensorflow_writes_nothing_to_the_terminal() -> None:
    program = "import os; os.environ.pop('TF_CPP_MIN_LOG_LEVEL', 0); import boildown_tflite.convert"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert (run.stdout, run.stderr) == ("", "")


def test_nothing_is_written_to_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    made = network()
    to_tflite(made.keras, made.onnx, made.layers, "int8", [samples(2)])
    assert capfd.readouterr() == ("", "")
