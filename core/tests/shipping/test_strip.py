"""What a shipped file sheds, and what it keeps: numbers, names of inputs, outputs and layers."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from boildown.shipping.strip import strip
from onnx import TensorProto, helper, numpy_helper


def talkative() -> onnx.ModelProto:
    """Return y = (x + a) + b, where a and b are equal, with everything that can be told of it."""
    nodes = [
        helper.make_node("Add", ["x", "a.of.the.module"], ["sum.of.the.module"], name="layer"),
        helper.make_node("Add", ["sum.of.the.module", "b.of.the.module"], ["y"], name="other"),
    ]
    ones, unused = np.ones(4, np.float32), np.zeros(9, np.float32)
    graph = helper.make_graph(
        nodes,
        "a long name",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4], "of x")],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 4], "of y")],
        [
            numpy_helper.from_array(ones, "a.of.the.module"),
            numpy_helper.from_array(ones, "b.of.the.module"),
            numpy_helper.from_array(unused, "unused"),
        ],
        doc_string="of the graph",
        value_info=[helper.make_tensor_value_info("sum.of.the.module", TensorProto.FLOAT, None)],
    )
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(
        graph, opset_imports=imports, producer_name="someone", doc_string="of the model"
    )
    helper.set_model_props(model, {"key": "told"})
    for node in model.graph.node:
        node.doc_string = "of the node"
        node.metadata_props.add(key="key", value="told")
    return model


@pytest.fixture
def stripped() -> onnx.ModelProto:
    model = talkative()
    strip(model, keep_nodes={"layer"})
    onnx.checker.check_model(model, full_check=True)
    return model


def test_nothing_that_was_told_is_left(stripped: onnx.ModelProto) -> None:
    content = stripped.SerializeToString()
    words = (b"of the", b"told", b"someone", b"module", b"long name", b"other", b"com.microsoft")
    assert not [word for word in words if word in content]
    assert all(word in talkative().SerializeToString() for word in words)


def test_inputs_outputs_and_layers_keep_their_names(stripped: onnx.ModelProto) -> None:
    graph = stripped.graph
    assert [value.name for value in (*graph.input, *graph.output)] == ["x", "y"]
    assert [node.name for node in graph.node] == ["layer", ""]


def test_equal_constants_are_stored_once_and_unused_ones_not_at_all(
    stripped: onnx.ModelProto,
) -> None:
    assert [list(tensor.dims) for tensor in stripped.graph.initializer] == [[4]]
    assert stripped.graph.node[0].input[1] == stripped.graph.node[1].input[1]


def test_a_short_name_never_takes_that_of_an_input() -> None:
    model = talkative()
    model.graph.input[0].name = model.graph.node[0].input[0] = "a"
    strip(model, keep_nodes=set())
    onnx.checker.check_model(model, full_check=True)
    assert model.graph.node[0].input[0] == "a" != model.graph.node[0].input[1]


def test_a_constant_that_is_an_output_keeps_its_name() -> None:
    model = talkative()
    model.graph.output.append(
        helper.make_tensor_value_info("b.of.the.module", TensorProto.FLOAT, [4])
    )
    strip(model, keep_nodes=set())
    onnx.checker.check_model(model, full_check=True)
    assert "b.of.the.module" in {tensor.name for tensor in model.graph.initializer}


def test_names_within_subgraphs_follow() -> None:
    branch = helper.make_graph(
        [helper.make_node("Add", ["x", "a.of.the.module"], ["branch.out"], name="inner")],
        "branch",
        [],
        [helper.make_tensor_value_info("branch.out", TensorProto.FLOAT, None)],
    )
    model = talkative()
    truth = numpy_helper.from_array(np.array(True), "truth")  # noqa: FBT003 - a value
    model.graph.initializer.append(truth)
    both = {"then_branch": branch, "else_branch": branch}
    model.graph.node[1].CopyFrom(helper.make_node("If", ["truth"], ["y"], **both))
    strip(model, keep_nodes=set())
    onnx.checker.check_model(model, full_check=True)
    assert b"of.the.module" not in model.SerializeToString()
