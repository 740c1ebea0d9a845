"""Weights that several nodes use."""

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


def test_one_filter_applied_twice_stays_one_weight(
    build: Build, save: Save, normal: Normal
) -> None:
    nodes = [N("Conv", ["x", "w"], ["a"], "a"), N("Conv", ["a", "w"], ["y"], "b")]
    path = save(build(nodes, {"w": normal(3, 3, 1, 1)}, out=("N", 3, 8, 8)))
    found = normalize(path, path.with_name("n.onnx"))
    assert found.copied == ()
    assert [layer.weight for layer in source_layers(found.path)] == ["w", "w"]


def test_a_weight_in_two_roles_is_copied_for_each(
    build: Build, save: Save, normal: Normal, run: Callable
) -> None:
    nodes = [
        N("Gather", ["w", "x"], ["e"], "embed"),
        N("Gemm", ["e", "w"], ["l"], "classify", transB=1),
        N("MatMul", ["l", "w"], ["m"], "back"),
        N("ReduceSum", ["w"], ["s"], "sum"), N("ReduceMax", ["w"], ["t"], "max"),
        N("Add", ["m", "s"], ["u"]), N("Add", ["u", "t"], ["y"]),
    ]  # fmt: skip
    path = save(build(nodes, {"w": normal(20, 6)}, (4,), (4, 6), kind=7))
    found = normalize(path, path.with_name("n.onnx"))
    assert found.copied == ("w.copy", "w.copy_1", "w.copy_2")
    assert found.copied_bytes == 3 * 480
    assert [layer.weight for layer in source_layers(found.path)] == ["w", "w.copy", "w.copy_1"]
    assert (run(found.path, np.arange(4))["y"] == run(path, np.arange(4))["y"]).all()


def test_a_weight_that_is_also_an_output_is_copied(
    build: Build, save: Save, normal: Normal
) -> None:
    model = build([N("MatMul", ["x", "w"], ["y"], "mm")], {"w": normal(6, 5)}, (4, 6), (4, 5))
    model.graph.output.append(helper.make_tensor_value_info("w", 1, [6, 5]))
    path = save(model)
    found = normalize(path, path.with_name("n.onnx"))
    assert source_layers(found.path)[0].weight == "w.copy"
    assert list(found.outputs) == ["y", "w"]
