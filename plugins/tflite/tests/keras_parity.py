"""Compare an imported graph with ONNX Runtime: as a Keras model, and as a `.tflite` file."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

import numpy as np
import onnx
import onnxruntime
from ai_edge_litert.interpreter import Interpreter
from boildown.model.normalize import normalize
from boildown_tflite.importer import Imported, import_onnx
from boildown_tflite.keras import tf
from onnx import TensorProto, helper, numpy_helper

RELATIVE = 1e-5
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
    **attributes: Any,
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


def chain(
    nodes: list[onnx.NodeProto],
    shape: list[Any],
    constants: dict[str, np.ndarray] | None = None,
    outputs: tuple[str, ...] = ("y",),
    *,
    opset: int = 20,
) -> onnx.ModelProto:
    """Make a graph of several nodes from `x` to `outputs`, in normal form."""
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_empty_tensor_value_info(name) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in (constants or {}).items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    return normalized(made)


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


def outer(array: np.ndarray) -> np.ndarray:
    """Images channels last, all else as it is."""
    return np.ascontiguousarray(array.transpose(0, 2, 3, 1)) if array.ndim == 4 else array


def inner(array: np.ndarray) -> np.ndarray:
    """Images channels second, all else as it is."""
    return array.transpose(0, 3, 1, 2) if array.ndim == 4 else array


def by_keras(imported: Imported, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """Run an imported model, arrays as ONNX has them."""
    fed = [tf.constant(outer(array)) for array in inputs]
    found = imported.model(fed if len(fed) > 1 else fed[0], training=False)
    found = found if isinstance(found, (list, tuple)) else [found]
    return [inner(x.numpy()) for x in found]


def tflite(imported: Imported) -> bytes:
    """Convert to a float file of builtin operators."""
    with silence():
        return bytes(tf.lite.TFLiteConverter.from_keras_model(imported.model).convert())


def by_tflite(data: bytes, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """Run a file in LiteRT, arrays as ONNX has them; without signatures, which order by name."""
    with silence():
        interpreter = Interpreter(model_content=data, num_threads=1)
        places = sorted(
            interpreter.get_input_details(), key=lambda item: item["name"].split(":")[0]
        )
        for item, array in zip(places, inputs, strict=True):
            interpreter.resize_tensor_input(item["index"], outer(array).shape)
        interpreter.allocate_tensors()
        for item, array in zip(places, inputs, strict=True):
            interpreter.set_tensor(item["index"], outer(array))
        interpreter.invoke()
        ends = interpreter.get_output_details()
        found = [interpreter.get_tensor(item["index"]) for item in ends]
    order = sorted(range(len(ends)), key=lambda i: ends[i]["name"])
    return [inner(found[i]) for i in order]


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Send what TensorFlow's own code writes to the standard error nowhere."""
    kept = os.dup(2)
    with TemporaryFile() as sink:
        os.dup2(sink.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def apart(ours: list[np.ndarray], theirs: list[np.ndarray]) -> float:
    """Return the largest difference of any output, relative to its largest number."""
    worst = 0.0
    for mine, right in zip(ours, theirs, strict=True):
        assert mine.shape == right.shape
        assert mine.dtype == right.dtype
        scale = max(float(np.abs(right.astype(np.float64)).max(initial=0)), 1e-6)
        gap = np.abs(mine.astype(np.float64) - right.astype(np.float64))
        worst = max(worst, float(gap.max(initial=0)) / scale)
    return worst


def difference(model: onnx.ModelProto, inputs: list[np.ndarray]) -> float:
    """Return how far the imported model is from ONNX Runtime."""
    return apart(by_keras(import_onnx(model), inputs), by_onnx_runtime(model, inputs))
