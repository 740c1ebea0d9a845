"""Graphs of a single node, and what ONNX Runtime computes of them: for tests of importers."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ..measuring.onnxruntime import OnnxRuntime
from ..model.normalize import normalize

_TYPES = {
    np.dtype(np.float32): TensorProto.FLOAT,
    np.dtype(np.int64): TensorProto.INT64,
    np.dtype(np.int32): TensorProto.INT32,
    np.dtype(np.bool_): TensorProto.BOOL,
}


def graph_of(
    op: str,
    inputs: list[np.ndarray],
    constants: dict[int, Any] | None = None,
    *,
    outputs: int = 1,
    opset: int = 20,
    open_batch: bool = True,
    domain: str = "",
    **attributes: Any,  # noqa: ANN401 - of any operator
) -> onnx.ModelProto:
    """Make a graph of one node named `the/node`; `constants` by place among its inputs."""
    constants = constants or {}
    count = len(inputs) + len(constants)
    given = iter(inputs)
    names, values = [], []
    for place in range(count):
        if place in constants:
            names.append("" if constants[place] is None else f"c{place}")
            continue
        array = next(given)
        shape = ["N", *array.shape[1:]] if open_batch else list(array.shape)
        values.append(helper.make_tensor_value_info(f"x{place}", _TYPES[array.dtype], shape))
        names.append(f"x{place}")
    found = [f"y{place}" for place in range(outputs)]
    node = helper.make_node(op, names, found, name="the/node", domain=domain, **attributes)
    stored = [
        numpy_helper.from_array(np.asarray(array), f"c{place}")
        for place, array in constants.items()
        if array is not None
    ]
    # onnx does not infer what this operator gives.
    given_shape = ["N", *inputs[0].shape[1:]]
    ends = [
        helper.make_tensor_value_info(end, TensorProto.FLOAT, given_shape)
        if op == "GroupNormalization"
        else helper.make_empty_tensor_value_info(end)
        for end in found
    ]
    graph = helper.make_graph([node], "g", values, ends, stored)
    imports = [helper.make_opsetid("", opset)]
    if domain:
        imports.append(helper.make_opsetid(domain, 1))
    return helper.make_model(graph, opset_imports=imports, ir_version=9)


def normalized(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model as the host hands it to backends."""
    with TemporaryDirectory() as name:
        given, made = Path(name, "given.onnx"), Path(name, "made.onnx")
        onnx.save(model, given)
        normalize(given, made)
        return onnx.load(made)


def by_onnx_runtime(model: onnx.ModelProto, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """Run the model in ONNX Runtime; inputs by position."""
    names = [item.name for item in model.graph.input]
    with TemporaryDirectory() as folder:
        path = Path(folder, "model.onnx")
        onnx.save(model, path)
        found = OnnxRuntime(path, 1).run(dict(zip(names, inputs, strict=True)))
    return list(found.values())
