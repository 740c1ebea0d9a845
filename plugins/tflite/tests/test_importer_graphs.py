"""The conformance suite's networks, and GELU as exporters write it out."""

from __future__ import annotations

import math

import numpy as np
import onnx
import pytest
from boildown import UnsupportedError
from boildown.testing.graphs import GRAPHS
from boildown_tflite.importer import import_onnx, write_back
from keras_parity import (
    RELATIVE,
    apart,
    by_keras,
    by_onnx_runtime,
    by_tflite,
    chain,
    difference,
    normalized,
    tflite,
)
from onnx import helper


def feeds(model: onnx.ModelProto, size: int) -> list[np.ndarray]:
    draw = np.random.default_rng(size)
    shapes = [
        [dim.dim_value if dim.HasField("dim_value") else size for dim in dims]
        for item in model.graph.input
        if (dims := item.type.tensor_type.shape.dim)
    ]
    kinds = [item.type.tensor_type.elem_type for item in model.graph.input]
    return [
        draw.normal(size=shape).astype(np.float32)
        if kind == onnx.TensorProto.FLOAT
        else draw.integers(0, 4, shape)
        for shape, kind in zip(shapes, kinds, strict=True)
    ]


@pytest.mark.parametrize("name", sorted(set(GRAPHS)))
def test_a_network_of_the_suite_comes_through_or_is_refused_by_operator(name: str) -> None:
    model = normalized(GRAPHS[name]())
    if any(node.op_type in {"LSTM", "GRU", "RNN"} for node in model.graph.node):
        with pytest.raises(UnsupportedError, match=r"LSTM|GRU|RNN"):
            import_onnx(model)
        return
    imported = import_onnx(model)
    for size in (1, 3):
        inputs = feeds(model, size)
        wanted = by_onnx_runtime(model, inputs)
        assert apart(by_keras(imported, inputs), wanted) <= RELATIVE
    if len(model.graph.output) == len(model.graph.input) == 1:
        assert apart(by_tflite(tflite(imported), inputs), wanted) <= RELATIVE
    assert write_back(model, imported).graph.initializer == model.graph.initializer


def written_out(root: float, *, half_first: bool) -> onnx.ModelProto:
    """x / 2 · (1 + erf(x / root)), the half on x or at the end."""
    nodes = [
        helper.make_node("Div", ["x", "root"], ["d"], name="d"),
        helper.make_node("Erf", ["d"], ["e"], name="erf"),
        helper.make_node("Add", ["e", "one"], ["a"], name="a"),
    ]
    if half_first:
        nodes += [
            helper.make_node("Mul", ["x", "half"], ["h"], name="h"),
            helper.make_node("Mul", ["h", "a"], ["y"], name="last"),
        ]
    else:
        nodes += [
            helper.make_node("Mul", ["x", "a"], ["m"], name="m"),
            helper.make_node("Mul", ["m", "half"], ["y"], name="last"),
        ]
    numbers = {"root": root, "one": 1.0, "half": 0.5}
    return chain(nodes, ["N", 4, 6], {k: np.array(v, np.float32) for k, v in numbers.items()})


@pytest.mark.parametrize("half_first", [True, False])
def test_gelu_written_out_becomes_one_layer(*, half_first: bool) -> None:
    model = written_out(math.sqrt(2), half_first=half_first)
    imported = import_onnx(model)
    assert list(imported.layers.values()) == ["last"]
    inputs = [np.random.default_rng(0).normal(size=(2, 4, 6)).astype(np.float32) * 3]
    assert difference(model, inputs) <= RELATIVE
    assert apart(by_tflite(tflite(imported), inputs), by_onnx_runtime(model, inputs)) <= RELATIVE


def test_an_error_function_that_is_no_gelu_is_refused() -> None:
    with pytest.raises(UnsupportedError, match=r"'erf' \(Erf"):
        import_onnx(written_out(1.5, half_first=False))


def test_transposes_around_channels_last_layers_move_nothing() -> None:
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], name="there", perm=[0, 2, 3, 1]),
        helper.make_node("LayerNormalization", ["t", "scale", "bias"], ["n"], name="norm"),
        helper.make_node("MatMul", ["n", "weight"], ["m"], name="dense"),
        helper.make_node("Transpose", ["m"], ["y"], name="back", perm=[0, 3, 1, 2]),
    ]
    draw = np.random.default_rng(0)
    constants = {
        "scale": draw.uniform(0.5, 2, 5).astype(np.float32),
        "bias": draw.normal(size=5).astype(np.float32),
        "weight": draw.normal(size=(5, 7)).astype(np.float32),
    }
    model = chain(nodes, ["N", 5, 6, 8], constants)
    images = [draw.normal(size=(2, 5, 6, 8)).astype(np.float32)]
    assert difference(model, images) <= RELATIVE
    names = {layer.name for layer in import_onnx(model).model.layers}
    assert not any("turned" in name for name in names)


def test_what_no_output_needs_is_no_layer_of_the_model() -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["y"], name="used"),
        helper.make_node("Mul", ["x", "scale"], ["unused"], name="dead"),
    ]
    model = chain(nodes, ["N", 4, 6], {"scale": np.ones((4, 1), np.float32)})
    imported = import_onnx(model)
    assert list(imported.layers.values()) == ["used"]
    assert imported.kept == ()
    assert write_back(model, imported).graph.initializer == model.graph.initializer
