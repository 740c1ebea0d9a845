from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from boildown import ModelError, source_layers
from boildown.model.layers import Layer
from onnx import helper

Build = Callable[..., onnx.ModelProto]
Normal = Callable[..., np.ndarray]


def one(build: Build, op: str, weight: np.ndarray, **attributes: int) -> Layer:
    node = helper.make_node(op, ["x", "w"], ["y"], "node", **attributes)
    (layer,) = source_layers(build([node], {"w": weight}))
    return layer


def test_layers_come_in_graph_order_with_name_operator_weight_and_shape(
    tiny: onnx.ModelProto,
) -> None:
    found = [(item.name, item.op, item.weight, item.shape) for item in source_layers(tiny)]
    assert found == [
        ("conv", "Conv", "c.weight", (8, 3, 3, 3)),
        ("fc", "Gemm", "fc.weight", (10, 8)),
        ("mm", "MatMul", "mm", (10, 4)),
    ]


def test_a_file_gives_the_same_layers_as_the_model_in_memory(
    tiny: onnx.ModelProto, save: Callable[..., Path]
) -> None:
    assert source_layers(save(tiny)) == source_layers(tiny)


@pytest.mark.parametrize(
    ("op", "shape", "attributes", "axis"),
    [
        ("Conv", (8, 3, 3, 3), {}, 0),
        ("ConvTranspose", (6, 4, 3, 3), {"group": 2}, 1),
        ("Gemm", (10, 8), {"transB": 1}, 0),
        ("Gemm", (8, 10), {}, 1),
        ("MatMul", (8, 10), {}, 1),
        ("MatMul", (2, 8, 10), {}, 2),
    ],
)
def test_the_output_channel_axis_is_right(
    build: Build, normal: Normal, *, op: str, shape: tuple[int, ...], attributes: dict, axis: int
) -> None:
    layer = one(build, op, normal(*shape), **attributes)
    assert (layer.axis, layer.size) == (axis, int(np.prod(shape)))


@pytest.mark.parametrize(
    ("op", "attributes", "axis"),
    [("MatMul", {}, 0), ("Gemm", {}, 0), ("Gemm", {"transA": 1}, 1)],
)
def test_a_weight_on_the_left_side_counts_output_channels_in_its_rows(
    build: Build, normal: Normal, op: str, attributes: dict, axis: int
) -> None:
    node = helper.make_node(op, ["w", "x"], ["y"], "node", **attributes)
    (layer,) = source_layers(build([node], {"w": normal(5, 3)}))
    assert layer.axis == axis


@pytest.mark.parametrize(("op", "gates"), [("LSTM", 4), ("GRU", 3), ("RNN", 1)])
def test_recurrent_nodes_have_two_layers(build: Build, normal: Normal, op: str, gates: int) -> None:
    node = helper.make_node(op, ["x", "W", "R"], ["y"], "r", hidden_size=2)
    tensors = {"W": normal(1, gates * 2, 3), "R": normal(1, gates * 2, 2)}
    found = source_layers(build([node], tensors))
    assert [(item.name, item.node, item.axis) for item in found] == [
        ("r.W", "r", 1),
        ("r.R", "r", 1),
    ]


@pytest.mark.parametrize(("axis", "channels"), [(0, 1), (1, 0), (-1, 0)])
def test_an_embedding_is_a_float_table_of_rank_two(
    build: Build, normal: Normal, axis: int, channels: int
) -> None:
    node = helper.make_node("Gather", ["w", "x"], ["y"], "emb", axis=axis)
    (layer,) = source_layers(build([node], {"w": normal(20, 6)}, kind=7))
    assert (layer.op, layer.axis) == ("Gather", channels)


def test_what_is_no_weight_is_no_layer(build: Build, normal: Normal) -> None:
    nodes = [
        helper.make_node("Gather", ["table", "x"], ["a"], "three axes"),
        helper.make_node("Gather", ["whole", "x"], ["b"], "integers"),
        helper.make_node("MatMul", ["a", "vector"], ["c"], "vector"),
        helper.make_node("MatMul", ["a", "a"], ["d"], "dynamic"),
        helper.make_node("MatMul", ["m", "m"], ["e"], "both constant"),
        helper.make_node("Conv", ["x", "m"], ["y"], "foreign", domain="com.microsoft"),
    ]
    tensors = {"table": normal(2, 3, 4), "vector": normal(4), "m": normal(3, 3)}
    model = build(nodes, {**tensors, "whole": np.zeros((2, 2), np.int64)})
    assert source_layers(model) == []


def test_two_nodes_with_one_weight_are_two_layers(build: Build, normal: Normal) -> None:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"], "first"),
        helper.make_node("MatMul", ["a", "w"], ["y"], "second"),
    ]
    found = source_layers(build(nodes, {"w": normal(4, 4)}))
    assert [(item.name, item.weight) for item in found] == [("first", "w"), ("second", "w")]


def test_a_missing_file_is_a_model_error(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such model file"):
        source_layers(tmp_path / "none.onnx")
