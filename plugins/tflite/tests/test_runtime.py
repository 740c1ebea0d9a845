"""LiteRT runs a file as the host asks: by the source's names, NCHW, in any batch."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from boildown import DataError, ModelError
from boildown_tflite.convert import Io, to_tflite
from boildown_tflite.flatbuffer import read_bytes
from boildown_tflite.importer import import_onnx
from boildown_tflite.runtime import LiteRuntime
from files import apart, by_source, converted, network, samples, written
from keras_parity import normalized


@pytest.mark.parametrize("io", ["float32", "int8", "uint8"])
def test_a_batch_of_any_size_is_the_samples_one_by_one(io: Io, tmp_path: Path) -> None:
    runtime = LiteRuntime(*written(converted("int8", io).content, network().onnx, tmp_path))
    alone = [runtime.run({"x": sample[None]})["scores"] for sample in samples(5)["x"]]
    for count in (5, 1, 3):
        together = runtime.run({"x": samples(5)["x"][:count]})["scores"]
        np.testing.assert_array_equal(together, np.concatenate(alone[:count]))


def test_integer_ports_give_the_numbers_of_float_ports(tmp_path: Path) -> None:
    found = []
    for io in ("float32", "int8", "uint8"):
        folder = tmp_path / io
        folder.mkdir()
        runtime = LiteRuntime(*written(converted("int8", io).content, network().onnx, folder))
        found.append(runtime.run(samples()))
    for name, values in found[0].items():
        assert values.dtype == np.float32
        np.testing.assert_allclose(found[1][name], values, atol=1e-6)
        np.testing.assert_allclose(found[2][name], values, atol=1e-6)


def test_a_fixed_batch_is_fed_in_pieces(tmp_path: Path) -> None:
    source = network().onnx.__class__.FromString(network().onnx.SerializeToString())
    for port in (*source.graph.input, *source.graph.output):
        port.type.tensor_type.shape.dim[0].dim_value = 2
    source = normalized(source)
    imported = import_onnx(source)
    content = to_tflite(imported.model, source, imported.layers, "float32").content
    assert read_bytes(content).tensors[read_bytes(content).inputs[0]].signature[0] == 2
    runtime = LiteRuntime(*written(content, source, tmp_path))
    _file, context = written(content, network().onnx, tmp_path)
    wanted = by_source(context, samples(5))
    found = runtime.run(samples(5))
    assert all(apart(found[name], wanted[name]) < 1e-5 for name in wanted)


def test_unknown_and_missing_inputs_are_told(tmp_path: Path) -> None:
    runtime = LiteRuntime(*written(converted("float32").content, network().onnx, tmp_path))
    with pytest.raises(DataError, match=r"inputs \['x'\], but got \['y'\]"):
        runtime.run({"y": samples(1)["x"]})
    with pytest.raises(DataError, match="'x' cannot be"):
        runtime.run({"x": np.zeros((1, 3, 9, 9), np.float32)})
    assert runtime.run(samples(1))["scores"].shape == (1, 10)


def test_a_damaged_file_is_an_error_in_plain_words(tmp_path: Path) -> None:
    content = converted("float32").content
    with pytest.raises(ModelError, match="LiteRT cannot load it"):
        LiteRuntime(*written(content[: len(content) // 2], network().onnx, tmp_path))


def test_nothing_is_written_to_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    runtime = LiteRuntime(*written(converted("float32").content, network().onnx, tmp_path))
    runtime.run(samples(3))
    assert capfd.readouterr() == ("", "")


def test_running_and_reading_bring_in_no_tensorflow(tmp_path: Path) -> None:
    written(converted("int8").content, network().onnx, tmp_path)
    program = f"""
import sys, numpy as np
from pathlib import Path
from boildown import Artifact, Context
from boildown_tflite.layers import layers
from boildown_tflite.runtime import LiteRuntime
folder = Path({str(tmp_path)!r})
context = Context(workdir=folder, original=Artifact(path=folder / "source.onnx"))
file = Artifact(path=folder / "given.tflite", format="tflite")
LiteRuntime(file, context).run({{"x": np.zeros((1, 3, 12, 12), np.float32)}})
layers(file, context)
print([name for name in sys.modules if name.split(".")[0] in ("tensorflow", "tf_keras", "tf2onnx")])
"""
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert (run.stdout, run.stderr) == ("[]\n", "")


def test_the_ports_are_those_of_the_file(tmp_path: Path) -> None:
    runtime = LiteRuntime(*written(converted("int8", "int8").content, network().onnx, tmp_path))
    (given,), (made, *_) = runtime.ports().inputs, runtime.ports().outputs
    assert (given.name, given.dtype, given.layout) == ("x", "int8", "nhwc")
    assert given.shape == ("N", 12, 12, 3)
    assert given.scale is not None
    # The samples that calibrate reach four deviations to either side.
    assert 6 / 256 < given.scale < 12 / 256
    assert given.zero_point is not None
    assert (made.dtype, made.zero_point is None) == ("int8", False)


def test_ports_of_floats_have_no_scale(tmp_path: Path) -> None:
    runtime = LiteRuntime(*written(converted("float32").content, network().onnx, tmp_path))
    assert {(p.dtype, p.scale, p.zero_point) for p in runtime.ports().inputs} == {
        ("float32", None, None)
    }
