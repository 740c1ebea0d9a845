"""The float form of a quantized graph keeps its numbers and nothing that a runtime may fuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from boildown import OnnxRuntime, compute_in_float
from onnx import helper, numpy_helper


def test_a_constant_with_a_zero_point_keeps_it(tmp_path: Path) -> None:
    codes = np.array([[-128, 5], [7, 127]], np.int8)
    stored = {"c": codes, "s": np.float32([0.5]).reshape(()), "z": np.array(-128, np.int8)}
    nodes = [
        helper.make_node("DequantizeLinear", ["c", "s", "z"], ["w"]),
        helper.make_node("Mul", ["x", "w"], ["y"]),
    ]
    ports = [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, [2, 2]) for n in "xy"]
    constants = [numpy_helper.from_array(array, name) for name, array in stored.items()]
    graph = helper.make_graph(nodes, "g", ports[:1], ports[1:], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    compute_in_float(model)
    assert "DequantizeLinear" not in {node.op_type for node in model.graph.node}
    onnx.save(model, tmp_path / "model.onnx")
    found = OnnxRuntime(tmp_path / "model.onnx").run({"x": np.ones((2, 2), np.float32)})["y"]
    np.testing.assert_array_equal(found, (codes.astype(np.float32) + 128) * 0.5)
