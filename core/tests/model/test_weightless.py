"""Shapes and checks come out the same whether onnx sees the weights or not."""

import numpy as np
import onnx
import pytest
from boildown.model.weightless import without_weights
from onnx import TensorProto, helper, numpy_helper


def network(*, wide: int = 64) -> onnx.ModelProto:
    """x (N, 64) -> Gemm -> Reshape by a small constant -> y."""
    draw = np.random.default_rng(0)
    constants = [
        numpy_helper.from_array(draw.normal(size=(wide, 64)).astype(np.float32), "large"),
        numpy_helper.from_array(np.array([-1, 8, 8]), "shape"),
        numpy_helper.from_array(np.zeros(64, np.float32), "small"),
    ]
    nodes = [
        helper.make_node("Gemm", ["x", "large", "small"], ["h"]),
        helper.make_node("Reshape", ["h", "shape"], ["y"]),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 64])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "g", [x], [y], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])


def shapes(model: onnx.ModelProto) -> onnx.ModelProto:
    return onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)


def test_the_result_is_the_same_to_the_last_byte() -> None:
    assert without_weights(network(), shapes) == shapes(network())


def test_large_weights_are_not_there_meanwhile() -> None:
    seen = []

    def look(model: onnx.ModelProto) -> onnx.ModelProto:
        seen.extend(tensor.name for tensor in model.graph.initializer)
        return model

    without_weights(network(), look)
    assert seen == ["shape", "small"]


def test_a_weight_of_the_wrong_shape_is_still_found() -> None:
    with pytest.raises(onnx.shape_inference.InferenceError):
        without_weights(network(wide=63), shapes)


def test_an_initializer_that_is_an_input_too_stays_where_it_is() -> None:
    model = network()
    model.graph.input.append(helper.make_tensor_value_info("large", TensorProto.FLOAT, [64, 64]))
    assert without_weights(model, shapes) == shapes(model)
