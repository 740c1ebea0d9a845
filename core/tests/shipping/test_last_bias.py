"""Biases of products in integers whose results leave the network in floats."""

from __future__ import annotations

import numpy as np
import onnx
from boildown import quantize_last_bias
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator


def two_heads() -> onnx.ModelProto:
    """Return one Gemm twice, on two inputs of other ranges, with one weight and one bias."""
    n, nodes, tensors = helper.make_node, [], {}
    random = np.random.default_rng(0)
    tensors["w/codes"] = random.integers(-100, 100, (4, 6)).astype(np.int8)
    tensors["w/scale"] = np.float32(0.01)
    tensors["b"] = random.standard_normal(4).astype(np.float32)
    nodes.append(n("DequantizeLinear", ["w/codes", "w/scale"], ["w"], "w"))
    for name, scale in (("a", 0.02), ("c", 0.05)):
        tensors[f"{name}/scale"] = np.float32(scale)
        tensors[f"{name}/zero"] = np.uint8(128)
        parts = [f"{name}/scale", f"{name}/zero"]
        nodes.append(n("QuantizeLinear", [name, *parts], [f"{name}/q"], f"{name}/q"))
        nodes.append(n("DequantizeLinear", [f"{name}/q", *parts], [f"{name}/r"], f"{name}/r"))
        nodes.append(n("Gemm", [f"{name}/r", "w", "b"], [f"{name}/y"], f"{name}/y", transB=1))
    real = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "heads",
        [helper.make_tensor_value_info(name, real, ["N", 6]) for name in ("a", "c")],
        [helper.make_tensor_value_info(f"{name}/y", real, ["N", 4]) for name in ("a", "c")],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in tensors.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=10)


def outputs(model: onnx.ModelProto) -> list[np.ndarray]:
    random = np.random.default_rng(1)
    fed = {name: random.standard_normal((5, 6)).astype(np.float32) for name in ("a", "c")}
    found: list[np.ndarray] = ReferenceEvaluator(model).run(None, fed)
    return found


def test_two_products_with_one_bias_get_codes_of_their_own() -> None:
    model = two_heads()
    before = outputs(model)
    quantize_last_bias(model)
    onnx.checker.check_model(model, full_check=True)
    products = [node for node in model.graph.node if node.op_type == "Gemm"]
    assert [node.input[2] for node in products] == ["a/y/bias/real", "c/y/bias/real"]
    read = {name for node in model.graph.node for name in node.input}
    assert {node.output[0] for node in model.graph.node} - read == {"a/y", "c/y"}
    for found, wanted in zip(outputs(model), before, strict=True):
        np.testing.assert_allclose(found, wanted, atol=1e-3)
