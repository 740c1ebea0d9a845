"""ONNX Runtime is the judge: fed with unit vectors, it gives back the weights that it decodes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from boildown import ModelError
from boildown.model.decoding import decode_layers
from boildown.model.inspect import inspect
from boildown.model.layers import Layer
from onnx import helper

Save = Callable[..., Path]
Build = Callable[..., onnx.ModelProto]
Run = Callable[..., dict[str, Any]]
RNG = np.random.default_rng(0)
N = helper.make_node
MS = {"com.microsoft": 1}


def decoded(path: Path, op: str, shape: tuple[int, int], axis: int) -> np.ndarray:
    layer = Layer(name="n", node="n", op=op, weight="w", shape=shape, axis=axis)
    return decode_layers(path, [layer])[0].values


@pytest.mark.parametrize(
    ("bits", "zeros"),
    [
        *((bits, zeros) for bits in (2, 4, 8) for zeros in ("none", "packed")),
        *((2, "float"), (4, "float")),  # onnxruntime refuses float zero points of 8 bits
    ],
)
def test_matmul_nbits_is_decoded_as_onnxruntime_does(
    build: Build, save: Save, run: Run, *, bits: int, zeros: str
) -> None:
    rows, columns, block = 6, 40, 16
    tensors: dict[str, np.ndarray] = {
        "q": RNG.integers(0, 256, (rows, 3, block * bits // 8), dtype=np.uint8),
        "s": RNG.uniform(0.5, 2, (rows, 3)).astype(np.float32),
    }
    if zeros == "packed":
        tensors["z"] = RNG.integers(0, 256, (rows, -(-3 * bits // 8)), dtype=np.uint8)
    if zeros == "float":
        tensors["z"] = RNG.uniform(0, 3, (rows, 3)).astype(np.float32)
    sizes = {"K": columns, "N": rows, "bits": bits, "block_size": block}
    node = N("MatMulNBits", ["x", *tensors], ["y"], "n", domain="com.microsoft", **sizes)
    path = save(build([node], tensors, (columns, columns), (columns, rows), domains=MS))
    found = run(path, np.eye(columns, dtype=np.float32))["y"]
    assert decoded(path, "MatMul", (columns, rows), 1) == pytest.approx(found, rel=1e-6, abs=1e-5)


def test_reordered_blocks_are_decoded_as_onnxruntime_does(
    build: Build, save: Save, run: Run
) -> None:
    tensors = {
        "q": RNG.integers(0, 256, (6, 2, 8), dtype=np.uint8),
        "s": RNG.uniform(0.5, 2, (6, 2)).astype(np.float32),
        "g": RNG.permutation(np.arange(32, dtype=np.int32) % 2),
    }
    # Onnxruntime 1.32 takes no zero points here, whatever is given, so the default is compared.
    sizes = {"K": 32, "N": 6, "bits": 4, "block_size": 16}
    node = N("MatMulNBits", ["x", "q", "s", "", "g"], ["y"], "n", domain="com.microsoft", **sizes)
    path = save(build([node], tensors, (32, 32), (32, 6), domains=MS))
    found = run(path, np.eye(32, dtype=np.float32))["y"]
    assert decoded(path, "MatMul", (32, 6), 1) == pytest.approx(found, rel=1e-6, abs=1e-5)


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("zeros", [True, False])
def test_packed_embeddings_are_decoded_as_onnxruntime_does(
    build: Build, save: Save, run: Run, *, bits: int, zeros: bool
) -> None:
    tensors = {
        "q": RNG.integers(0, 256, (10, 32 * bits // 8), dtype=np.uint8),
        "s": RNG.uniform(0.5, 2, (10, 2)).astype(np.float32),
    }
    if zeros:
        tensors["z"] = RNG.integers(0, 256, (10, 2 * bits // 8), dtype=np.uint8)
    inputs = ["q", "x", "s", *(["z"] if zeros else [])]
    sizes = {"gather_axis": 0, "quantize_axis": 1, "block_size": 16, "bits": bits}
    node = N("GatherBlockQuantized", inputs, ["y"], "n", domain="com.microsoft", **sizes)
    path = save(build([node], tensors, (10,), (10, 32), domains=MS, kind=7))
    found = run(path, np.arange(10))["y"]
    assert decoded(path, "Gather", (10, 32), 1) == pytest.approx(found, rel=1e-6, abs=1e-5)
    assert inspect(path).parameters == 320


@pytest.mark.parametrize("left", [False, True])
def test_qlinear_matmul_is_decoded_on_either_side(build: Build, save: Save, *, left: bool) -> None:
    codes = RNG.integers(-128, 128, (6, 6)).astype(np.int8)
    tensors = {
        "w": codes, "ws": np.float32(0.5), "wz": np.int8(3),
        "as": np.float32(1), "az": np.uint8(0), "ys": np.float32(1), "yz": np.uint8(0),
    }  # fmt: skip
    sides = [["q", "as", "az"], ["w", "ws", "wz"]]
    inputs = [name for side in (sides[::-1] if left else sides) for name in side]
    nodes = [
        N("QuantizeLinear", ["x", "as", "az"], ["q"]),
        N("QLinearMatMul", [*inputs, "ys", "yz"], ["p"], "n"),
        N("DequantizeLinear", ["p", "ys", "yz"], ["y"]),
    ]
    path = save(build(nodes, tensors, (6, 6), (6, 6)))
    expected = (codes.astype(np.float32) - 3) * 0.5
    assert (decoded(path, "MatMul", (6, 6), 0 if left else 1) == expected).all()


@pytest.mark.parametrize("axis", [0, 1])
def test_channel_scales_are_read_as_onnxruntime_does(
    build: Build, save: Save, run: Run, axis: int
) -> None:
    tensors = {
        "c": RNG.integers(-128, 128, (6, 5)).astype(np.int8),
        "s": RNG.uniform(0.5, 2, 6 if axis == 0 else 5).astype(np.float32),
        "z": RNG.integers(-5, 5, 6 if axis == 0 else 5).astype(np.int8),
    }
    nodes = [
        N("DequantizeLinear", ["c", "s", "z"], ["w"], axis=axis),
        N("MatMul", ["x", "w"], ["y"], "n"),
    ]
    path = save(build(nodes, tensors, (6, 6), (6, 5)))
    found = run(path, np.eye(6, dtype=np.float32))["y"]
    assert decoded(path, "MatMul", (6, 5), 1) == pytest.approx(found, rel=1e-6, abs=1e-5)


def test_an_lstm_without_its_scales_is_a_model_error(build: Build, save: Save) -> None:
    tensors = {"W": np.zeros((1, 3, 8), np.int8), "R": np.zeros((1, 2, 8), np.int8)}
    inputs = ["x", "W", "R"]
    node = N("DynamicQuantizeLSTM", inputs, ["y"], "n", domain="com.microsoft", hidden_size=2)
    path = save(build([node], tensors, (5, 1, 3), (5, 1, 1, 2), domains=MS))
    layer = Layer(name="n.W", node="n", op="LSTM", weight="W", shape=(1, 8, 3), axis=1)
    with pytest.raises(ModelError, match="node 'n' lacks a weight or its scale"):
        decode_layers(path, [layer])


def test_an_integer_table_that_is_never_dequantized_is_a_model_error(
    build: Build, save: Save
) -> None:
    nodes = [N("Gather", ["t", "x"], ["g"], "n"), N("Cast", ["g"], ["y"], to=1)]
    path = save(build(nodes, {"t": np.ones((5, 4), np.int8)}, (3,), (3, 4), kind=7))
    with pytest.raises(ModelError, match="integer table of node 'n' is never dequantized"):
        decoded(path, "Gather", (5, 4), 1)


def test_a_scale_that_is_an_input_is_a_model_error(build: Build, save: Save) -> None:
    tensors = {
        "w": np.ones((6, 6), np.int8), "wz": np.int8(0), "as": np.float32(1),
        "az": np.uint8(0), "ys": np.float32(1), "yz": np.uint8(0), "q": np.ones((6, 6), np.uint8),
    }  # fmt: skip
    inputs = ["q", "as", "az", "w", "x", "wz", "ys", "yz"]
    nodes = [
        N("QLinearMatMul", inputs, ["p"], "n"),
        N("DequantizeLinear", ["p", "ys", "yz"], ["y"]),
    ]
    path = save(build(nodes, tensors, (), (6, 6)))
    with pytest.raises(ModelError, match="'x' of node 'n' is not constant in the file"):
        decoded(path, "MatMul", (6, 6), 1)
