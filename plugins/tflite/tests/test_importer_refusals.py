"""What is not exact is refused, by node, operator and opset; nothing is approximated in silence."""

# ruff: noqa: E501 - one case a line is easier to read
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from boildown import UnsupportedError
from boildown_tflite.importer import import_onnx
from keras_parity import graph_of, normalized
from onnx import helper
from test_importer_operators import IMAGE, SMALL, Case, case, real, whole

REFUSED: list[tuple[Case, str]] = [
    (case("Conv", IMAGE, constants={1: real(6, 4, 3, 3)}, strides=[2, 2], dilations=[2, 2]), "strides"),
    (case("Conv", IMAGE, real(6, 4, 3, 3), open_batch=False), "weight is computed"),
    (case("Conv", real(2, 4, 5, 5, 5), constants={1: real(6, 2, 3, 3, 3)}, group=2), "three spatial axes"),
    (case("Conv", real(2, 4, 5, 5, 5), constants={1: real(4, 1, 3, 3, 3)}, group=4), "three spatial axes"),
    (case("ConvTranspose", IMAGE, constants={1: real(4, 3, 3, 3)}, output_shape=[11, 10]), "output_shape"),
    (case("ConvTranspose", IMAGE, constants={1: real(4, 3, 3, 3)}, group=2), "group"),
    (case("ConvTranspose", IMAGE, constants={1: real(4, 3, 3, 3)}, dilations=[2, 2]), "dilations"),
    (case("MaxPool", IMAGE, kernel_shape=[2, 2], outputs=2), "y1"),
    (case("MaxPool", IMAGE, kernel_shape=[2, 2], dilations=[2, 2]), "dilations"),
    (case("AveragePool", IMAGE, kernel_shape=[2, 2], dilations=[2, 2]), "dilations"),
    (case("LRN", IMAGE, size=4), "size"),
    (case("Gemm", real(3, 5), constants={1: real(3, 4)}, transA=1, open_batch=False), "transposed"),
    (case("Resize", IMAGE, constants={1: None, 2: np.array([1, 1, 2, 2], np.float32)}, mode="cubic"), "cubic"),
    (case("Resize", IMAGE, constants={1: None, 2: np.array([1, 2, 2, 2], np.float32)}, mode="linear"), "channels"),
    (case("Resize", IMAGE, constants={1: None, 2: np.array([1, 1, 0.7, 0.7], np.float32)}, mode="linear"), "whole lengths"),
    (case("Resize", IMAGE, constants={1: None, 2: np.array([1, 1, 0.5, 0.5], np.float32)}, mode="linear", antialias=1), "antialias"),
    (case("ArgMax", SMALL, axis=1, select_last_index=1), "select_last_index"),
    (case("Concat", IMAGE, IMAGE, axis=0), "open axis"),
    (case("Slice", IMAGE, constants={1: whole(1), 2: whole(2), 3: whole(0)}), "open axis"),
    (case("Pad", IMAGE, constants={1: whole(0, 0, -1, 0, 0, 0, 0, 0)}), "cut off"),
    (case("Div", whole(7, -7).reshape(2, 1), constants={1: whole(2)}), "integers"),
    (case("Erf", SMALL), "no translation"),
    (case("NonZero", SMALL), "no translation"),
    (
        case(
            "LSTM", real(7, 2, 3), constants={1: real(1, 20, 3), 2: real(1, 20, 5)}, hidden_size=5,
            open_batch=False, outputs=3,
        ),
        "no translation",
    ),
]  # fmt: skip


def name(value: Any) -> str | None:
    return f"{value[0]}" if isinstance(value, tuple) else None


@pytest.mark.parametrize(("one", "reason"), REFUSED, ids=name)
def test_what_is_not_exact_is_refused_with_node_operator_and_opset(one: Case, reason: str) -> None:
    op, inputs, constants, more = one
    model = normalized(graph_of(op, inputs, constants, **more))
    with pytest.raises(UnsupportedError) as refused:
        import_onnx(model)
    text = str(refused.value)
    assert "the/node" in text
    assert op in text
    assert "opset" in text
    assert reason in text


def test_all_that_cannot_be_imported_is_named_at_once() -> None:
    nodes = [
        helper.make_node("NonZero", ["x"], ["a"], name="first"),
        helper.make_node("Hardmax", ["x"], ["b"], name="second"),
        helper.make_node("Relu", ["b"], ["y"], name="behind"),
    ]
    ends = [
        helper.make_tensor_value_info("y", 1, ["N", 4]),
        helper.make_tensor_value_info("a", 7, None),
    ]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", 1, ["N", 4])], ends)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    with pytest.raises(UnsupportedError, match=r"first.*second") as refused:
        import_onnx(model)
    assert "behind" not in str(refused.value)


def test_a_known_name_in_another_domain_is_not_taken_for_the_standard_operator() -> None:
    model = graph_of("Gelu", [SMALL], domain="com.microsoft")
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("y0", 1, ["N", 4, 6]))
    with pytest.raises(UnsupportedError, match=r"com\.microsoft\.Gelu"):
        import_onnx(normalized(model))
