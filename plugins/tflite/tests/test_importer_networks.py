"""Whole networks of both exporters: ONNX Runtime's numbers in Keras and in TFLite."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import exported_networks
import numpy as np
import onnx
import pytest
from boildown_tflite.importer import import_onnx, write_back
from keras_parity import (
    RELATIVE,
    apart,
    by_keras,
    by_onnx_runtime,
    by_tflite,
    normalized,
    tflite,
)
from onnx import numpy_helper

#: All are looked at by benchmarks/importer_parity_tflite.py; these have every kind of layer.
NETWORKS = ("mobilenet_v3_small", "squeezenet1_1", "shufflenet_v2_x1_0")
SIZE = 64


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if importlib.util.find_spec("torchvision") is None:
        pytest.skip("torchvision is not installed")
    made = tmp_path_factory.mktemp("networks")
    script = Path(exported_networks.__file__)
    subprocess.run([sys.executable, script, made, str(SIZE), *NETWORKS], check=True)
    return made


@pytest.mark.parametrize("exporter", ["script", "dynamo"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_gives_what_onnx_runtime_gives_in_keras_and_in_tflite(
    name: str, exporter: str, folder: Path
) -> None:
    model = normalized(onnx.load(folder / f"{name}-{exporter}.onnx"))
    imported = import_onnx(model)
    for size in (1, 3):
        images = [np.random.default_rng(size).normal(size=(size, 3, SIZE, SIZE)).astype(np.float32)]
        wanted = by_onnx_runtime(model, images)
        assert apart(by_keras(imported, images), wanted) <= RELATIVE
    if exporter == "dynamo":
        assert apart(by_tflite(tflite(imported), images), wanted) <= RELATIVE
    assert write_back(model, imported).graph.initializer == model.graph.initializer


def test_a_transposed_kernel_is_noticed(folder: Path) -> None:
    model = normalized(onnx.load(folder / "squeezenet1_1-dynamo.onnx"))
    images = [np.random.default_rng(1).normal(size=(1, 3, SIZE, SIZE)).astype(np.float32)]
    right = by_onnx_runtime(model, images)
    kernel = next(t for t in model.graph.initializer if list(t.dims[2:]) == [3, 3])
    turned = numpy_helper.to_array(kernel).swapaxes(2, 3).copy()
    kernel.CopyFrom(numpy_helper.from_array(turned, kernel.name))
    assert apart(by_keras(import_onnx(model), images), right) > 100 * RELATIVE
