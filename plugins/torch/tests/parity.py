"""Compare an imported graph with ONNX Runtime: the same inputs, two batch sizes."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from boildown.model.normalize import normalize
from boildown_torch.importer import import_onnx
from onnx import TensorProto, helper, numpy_helper

RELATIVE = 1e-4
_TYPES = {
    np.dtype(np.float32): TensorProto.FLOAT,
    np.dtype(np.int64): TensorProto.INT64,
    np.dtype(np.bool_): TensorProto.BOOL,
}


def graph_of(
    op: str,
    inputs: list[np.ndarray],
    constants: dict[int, np.ndarray] | None = None,
    *,
    outputs: int = 1,
    opset: int = 20,
    open_batch: bool = True,
    domain: str = "",
    **attributes: Any,
) -> onnx.ModelProto:
    """Make a graph of one node named `the/node`; `constants` by place among its inputs."""
    constants = constants or {}
    count = len(inputs) + len(constants)
    names = [f"c{place}" if place in constants else f"x{place}" for place in range(count)]
    given = iter(inputs)
    values = []
    for place in range(count):
        if place not in constants:
            array = next(given)
            shape = ["N", *array.shape[1:]] if open_batch else list(array.shape)
            values.append(helper.make_tensor_value_info(names[place], _TYPES[array.dtype], shape))
    names = [
        "" if constants.get(place) is None and place in constants else n
        for place, n in enumerate(names)
    ]
    found = [f"y{place}" for place in range(outputs)]
    node = helper.make_node(op, names, found, name="the/node", domain=domain, **attributes)
    stored = [
        numpy_helper.from_array(array, f"c{place}")
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
    """Run the model in ONNX Runtime."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [item.name for item in session.get_inputs()]
    return list(session.run(None, dict(zip(names, inputs, strict=True))))


def by_torch(model: onnx.ModelProto, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """Import the model and run it in PyTorch."""
    module = import_onnx(model).eval()
    with torch.no_grad():
        found = module(*(torch.from_numpy(array) for array in inputs))
    return [x.numpy() for x in (found if isinstance(found, tuple) else (found,))]


def difference(model: onnx.ModelProto, inputs: list[np.ndarray]) -> float:
    """Return the largest difference of any output, relative to its largest number."""
    worst = 0.0
    for ours, theirs in zip(by_torch(model, inputs), by_onnx_runtime(model, inputs), strict=True):
        assert ours.shape == theirs.shape
        assert ours.dtype == theirs.dtype
        scale = max(float(np.abs(theirs.astype(np.float64)).max(initial=0)), 1e-6)
        gap = np.abs(ours.astype(np.float64) - theirs.astype(np.float64))
        worst = max(worst, float(gap.max(initial=0)) / scale)
    return worst
