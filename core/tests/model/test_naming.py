"""A node's name is its layer's identity: there, unique, and the same every time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
from boildown import source_layers
from boildown.model.normalize import normalize
from onnx import helper

Save = Callable[..., Path]
Build = Callable[..., onnx.ModelProto]
Normal = Callable[..., np.ndarray]
N = helper.make_node


def normal_form(path: Path) -> onnx.ModelProto:
    return onnx.load(normalize(path, path.with_name("normal.onnx")).path)


def test_unnamed_nodes_take_the_module_path_of_their_weight(
    build: Build, save: Save, normal: Normal
) -> None:
    nodes = [
        N("Conv", ["x", "features.0.0.weight"], ["a"]),
        N("Relu", ["a"], ["b"]), N("Relu", ["b"], ["c"]),
        N("Conv", ["c", "features.0.0.weight"], ["d"]),
        N("Conv", ["d", "other"], ["y"]),
    ]  # fmt: skip
    tensors = {"features.0.0.weight": normal(3, 3, 1, 1), "other": normal(3, 3, 1, 1)}
    path = save(build(nodes, tensors, out=("N", 3, 8, 8)))
    names = [node.name for node in normal_form(path).graph.node]
    assert names == ["features.0.0", "Relu_0", "Relu_1", "Conv_0", "Conv_1"]


def test_names_that_are_taken_get_a_number(build: Build, save: Save) -> None:
    names = ["same", "same", "same_1", "same", "", "Relu_0"]
    nodes = [N("Relu", [f"t{i}"], [f"t{i + 1}"], name) for i, name in enumerate(names)]
    nodes[0].input[0], nodes[-1].output[0] = "x", "y"
    found = normal_form(save(build(nodes, {}, ("N", 3), ("N", 3))))
    assert [node.name for node in found.graph.node] == [
        "same", "same_2", "same_1", "same_3", "Relu_1", "Relu_0"
    ]  # fmt: skip


def test_names_of_recurrent_layers_are_free(build: Build, save: Save, normal: Normal) -> None:
    nodes = [
        N("LSTM", ["x", "W", "R"], ["", "h"], "r", hidden_size=2),
        N("MatMul", ["h", "w"], ["y"], "r.W"),
        N("Relu", ["x"], ["z"], ""),
    ]
    tensors = {"W": normal(1, 8, 3), "R": normal(1, 8, 2), "w": normal(2, 4)}
    layers = source_layers(normal_form(save(build(nodes, tensors, (5, 1, 3), (1, 1, 4)))))
    assert len({layer.name for layer in layers}) == 3
