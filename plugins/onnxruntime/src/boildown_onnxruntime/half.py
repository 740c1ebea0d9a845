"""The whole graph computing in float16."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from boildown import (
    StepOutcome,
    Warned,
    about_halves,
    initializers,
    read_graph,
    source_layers,
    write_graph,
)
from onnx import TensorProto, numpy_helper

if TYPE_CHECKING:
    from boildown import Artifact, Context
    from onnx import ModelProto


def compute_in_float16(model: Artifact, context: Context) -> StepOutcome:
    """Turn the graph into float16 but for its inputs and outputs."""
    from onnxruntime.transformers.float16 import convert_float_to_float16
    from onnxruntime.transformers.onnx_model import OnnxModel

    graph = read_graph(model)
    nearly = about_halves(_numbers(graph, context), "float16")
    converted = convert_float_to_float16(graph, keep_io_types=True)
    # The converter puts the casts of the inputs last, where no other tool takes them.
    OnnxModel.graph_topological_sort(converted.graph, is_deterministic=True)
    warning = Warned(
        code="NOTE",
        text="ONNX Runtime has few float16 kernels for CPUs: it computes much of the graph in "
        "float32 and converts in between, which is made for GPUs and slow here",
    )
    artifact = write_graph(converted, context, "float16")
    return StepOutcome(artifact=artifact, approximations=nearly, warnings=(warning,))


def _numbers(graph: ModelProto, context: Context) -> dict[str, np.ndarray]:
    """Return all constants by layer or tensor; the converter leaves infinity as it is."""
    layers = {layer.weight: layer.name for layer in source_layers(context.network.path)}
    arrays = {
        layers.get(name, name): numpy_helper.to_array(tensor)
        for name, tensor in initializers(graph).items()
        if tensor.data_type == TensorProto.FLOAT
    }
    return {name: array[np.isfinite(array)] for name, array in arrays.items()}
