"""Compare an imported graph with ONNX Runtime: as a Keras model, and as a `.tflite` file."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from ai_edge_litert.interpreter import Interpreter
from boildown import hushed
from boildown.testing.nodes import by_onnx_runtime, graph_of, normalized
from boildown_tflite.importer import Imported, import_onnx
from boildown_tflite.keras import tf
from onnx import TensorProto, helper, numpy_helper

__all__ = ["RELATIVE", "by_onnx_runtime", "graph_of", "normalized"]
RELATIVE = 1e-5


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
    with hushed():
        return bytes(tf.lite.TFLiteConverter.from_keras_model(imported.model).convert())


def by_tflite(data: bytes, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """Run a file in LiteRT, arrays as ONNX has them; without signatures, which order by name."""
    with hushed():
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
