"""What is not exact is refused, by node, operator and opset; nothing is approximated in silence."""

# ruff: noqa: E501 - one case a line is easier to read
from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from boildown import UnsupportedError
from boildown_torch.importer import import_onnx
from onnx import helper
from parity import graph_of, normalized
from test_operators import IMAGE, SMALL, Case, case, real, whole

REFUSED: list[tuple[Case, str]] = [
    (case("ConvTranspose", IMAGE, constants={1: real(4, 3, 3, 3)}, pads=[0, 1, 0, 0]), "pads"),
    (case("ConvTranspose", IMAGE, constants={1: real(4, 3, 3, 3)}, output_shape=[11, 10]), "output_shape"),
    (case("MaxPool", IMAGE, kernel_shape=[2, 2], outputs=2), "y1"),
    (case("AveragePool", IMAGE, kernel_shape=[3, 3], pads=[0, 0, 1, 1]), "pads"),
    (case("AveragePool", IMAGE, kernel_shape=[2, 2], dilations=[2, 2]), "dilations"),
    (case("MaxPool", IMAGE, kernel_shape=[2, 2], dilations=[2, 2], pads=[0, 0, 1, 1]), "dilations"),
    (case("LRN", IMAGE, size=4), "size"),
    (case("Selu", SMALL, alpha=1.0), "alpha"),
    (case("PRelu", IMAGE, constants={1: real(9, 1)}), "slope"),
    (case("Resize", IMAGE, constants={1: None, 2: np.array([1, 1, 2, 2], np.float32)}, mode="nearest"), "half_pixel"),
    (case("Resize", IMAGE, constants={1: None, 2: np.array([1, 2, 2, 2], np.float32)}, mode="linear"), "channels"),
    (case("CumSum", SMALL, constants={1: np.array(1)}, reverse=1), "reverse"),
    (case("ArgMax", SMALL, axis=1, select_last_index=1), "select_last_index"),
    (case("Pad", IMAGE, constants={1: whole(0, 0, 1, 1, 0, 0, 1, 1)}, mode="wrap"), "wrap"),
    (case("NonZero", SMALL), "no translation"),
    (
        case(
            "GRU", real(7, 2, 3), constants={1: real(1, 15, 3), 2: real(1, 15, 5)},
            hidden_size=5, open_batch=False, outputs=2,
        ),
        "linear_before_reset",
    ),
    (
        case(
            "LSTM", real(7, 2, 3), constants={1: real(1, 20, 3), 2: real(1, 20, 5)}, hidden_size=5,
            open_batch=False, outputs=3, activations=["Relu", "Tanh", "Tanh"],
        ),
        "activations",
    ),
    (
        case(
            "RNN", real(7, 2, 3), constants={1: real(1, 5, 3), 2: real(1, 5, 5)}, hidden_size=5,
            open_batch=False, outputs=2, clip=1.0,
        ),
        "clip",
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
        helper.make_node("Hardmax", ["x"], ["y"], name="second"),
    ]
    ends = [
        helper.make_tensor_value_info("y", 1, ["N", 4]),
        helper.make_tensor_value_info("a", 7, None),
    ]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", 1, ["N", 4])], ends)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    with pytest.raises(UnsupportedError, match=r"first.*second"):
        import_onnx(model)


def test_a_known_name_in_another_domain_is_not_taken_for_the_standard_operator() -> None:
    model = graph_of("Gelu", [SMALL], domain="com.microsoft")
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("y0", 1, ["N", 4, 6]))
    with pytest.raises(UnsupportedError, match=r"com\.microsoft\.Gelu"):
        import_onnx(normalized(model))
