from __future__ import annotations

import onnx
import pytest
from boildown import (
    Artifact,
    Context,
    UnsupportedError,
    node_attribute,
    read_graph,
    replace_nodes,
    unchanged,
    with_opset,
)
from boildown.shipping.graph import opset
from onnx import helper

from .conftest import cnn


def test_nodes_may_be_replaced_by_some_of_their_own() -> None:
    model = cnn()
    identity = helper.make_node("Identity", ["a"], ["b"])
    replace_nodes(model, [identity, *model.graph.node[:2]])
    assert [node.op_type for node in model.graph.node] == ["Identity", "Conv", "BatchNormalization"]


def test_an_attribute_that_is_missing_has_the_default_of_its_operator() -> None:
    gemm = helper.make_node("Gemm", ["a", "b"], ["y"], alpha=0.5)
    assert node_attribute(gemm, "alpha", 1.0) == 0.5
    assert node_attribute(gemm, "beta", 1.0) == 1


def test_a_model_of_old_operators_is_lifted_and_a_newer_one_left_alone() -> None:
    old, new = cnn(), cnn()
    old.opset_import[0].version = 11
    assert opset(with_opset(old, 13)) == 13
    assert with_opset(new, 13) is new


def test_what_the_converter_cannot_lift_is_refused_with_a_way_out() -> None:
    model = cnn()
    model.opset_import[0].version = 11
    model.graph.node[2].op_type = "Nonsense"
    with pytest.raises(UnsupportedError, match=r"version 11 .* opset 13 or later"):
        with_opset(model, 13)


def test_a_step_with_nothing_to_do_hands_on_the_very_file_and_says_why(context: Context) -> None:
    outcome = unchanged(context.original, context, "no layer is an LSTM")
    assert outcome.artifact.path.parent == context.workdir
    assert outcome.artifact.path.read_bytes() == context.original.path.read_bytes()
    assert outcome.warnings[0].text == "no layer is an LSTM: there is nothing to do"


def test_a_graph_that_is_changed_leaves_its_file_alone(context: Context) -> None:
    before = context.original.digest
    del read_graph(context.original).graph.node[:]
    assert Artifact(path=context.original.path).digest == before
    assert isinstance(read_graph(context.original), onnx.ModelProto)
