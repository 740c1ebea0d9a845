"""Arithmetic on shapes: the batch stays open, and what leaves it is a tensor again."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
import torch
from boildown_torch.importer import import_onnx
from onnx import TensorProto, helper, numpy_helper
from parity import RELATIVE, difference, normalized

X = np.random.default_rng(0).normal(size=(3, 4, 6)).astype(np.float32)
CONSTANTS = {
    "first": np.array(0),
    "zero": np.array([0]),
    "one": np.array([1]),
    "two": np.array([2]),
    "rest": np.array([-1]),
    "minus": np.array([-1, 1, 1]),
    "step": np.array(1),
}
Line = tuple[str, list[str], str, dict[str, Any]]


def line(op: str, inputs: str, output: str, **attributes: Any) -> Line:
    return op, inputs.split(), output, attributes


SHAPE = line("Shape", "x", "s")
GRAPHS: dict[str, list[Line]] = {
    "reshape to batch and rest": [
        SHAPE,
        line("Gather", "s first", "n", axis=0),
        line("Unsqueeze", "n zero", "u"),
        line("Concat", "u rest", "t", axis=0),
        line("Reshape", "x t", "y"),
    ],
    "half of an axis": [
        SHAPE,
        line("Gather", "s two", "w", axis=0),
        line("Div", "w two", "h"),
        line("Slice", "x zero h two", "y"),
    ],
    "a tensor as large as another": [
        SHAPE,
        line("ConstantOfShape", "s", "ones", value=numpy_helper.from_array(np.ones(1, np.float32))),
        line("Add", "x ones", "y"),
    ],
    "expand where a length is -1": [
        SHAPE,
        line("Equal", "minus rest", "q"),
        line("Where", "q s minus", "t"),
        line("ReduceMean", "x", "m", axes=[1, 2]),
        line("Expand", "m t", "y"),
    ],
    "scale by the root of a length": [
        SHAPE,
        line("Gather", "s two", "w", axis=0),
        line("Cast", "w", "f", to=TensorProto.FLOAT),
        line("Sqrt", "f", "r"),
        line("Div", "x r", "y"),
    ],
    "add places": [
        SHAPE,
        line("Slice", "s two rest_end", "w"),
        line("Squeeze", "w", "n"),
        line("Range", "first n step", "places"),
        line("Cast", "places", "p", to=TensorProto.FLOAT),
        line("Add", "x p", "y"),
    ],
    "multiply by all lengths": [
        SHAPE,
        line("Cast", "s", "f", to=TensorProto.FLOAT),
        line("Slice", "f one rest_end", "g"),
        line("ReduceProd", "g", "p", keepdims=0),
        line("Mul", "x p", "y"),
    ],
    "lengths as an output": [SHAPE, line("Add", "s one", "y")],
    "lengths in a graph of tensors": [
        SHAPE,
        line("Cast", "s", "f", to=TensorProto.FLOAT),
        line("ReduceSum", "f", "t", keepdims=0),
        line("Mul", "x t", "y"),
    ],
}


def graph(lines: list[Line], *, output: int = TensorProto.FLOAT) -> onnx.ModelProto:
    nodes = [
        helper.make_node(op, inputs, [out], name=f"n{number}", **attributes)
        for number, (op, inputs, out, attributes) in enumerate(lines)
    ]
    used = {name for node in nodes for name in node.input}
    known = CONSTANTS | {"rest_end": np.array([3])}
    stored = [numpy_helper.from_array(v, k) for k, v in known.items() if k in used]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4, 6])
    y = helper.make_tensor_value_info("y", output, None)
    made = helper.make_graph(nodes, "g", [x], [y], stored)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def model_of(name: str) -> onnx.ModelProto:
    whole = name == "lengths as an output"
    made = graph(GRAPHS[name], output=TensorProto.INT64 if whole else TensorProto.FLOAT)
    for node in made.graph.node:
        if node.op_type == "ReduceSum":
            node.attribute.append(helper.make_attribute("noop_with_empty_axes", 0))
    return normalized(made)


@pytest.mark.parametrize("name", GRAPHS)
def test_shapes_are_computed_as_onnx_runtime_does(name: str) -> None:
    model = model_of(name)
    for batch in (X, X[:1]):
        assert difference(model, [batch]) <= RELATIVE


@pytest.mark.parametrize("name", [n for n in GRAPHS if not n.startswith("lengths")])
def test_the_batch_stays_open_under_export(name: str) -> None:
    module = import_onnx(model_of(name)).eval()
    batch = ({0: torch.export.Dim("batch")},)
    example, other = torch.from_numpy(X), torch.from_numpy(np.concatenate([X, X]))
    program = torch.export.export(module, (example,), dynamic_shapes=batch).module()
    torch.testing.assert_close(program(other), module(other))
