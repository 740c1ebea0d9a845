"""Half precision: weights stored in 16 bits, or the whole graph computing in float16."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ml_dtypes
import numpy as np
from boildown import StepOutcome, Warned
from onnx import TensorProto, helper, numpy_helper

from .graph import constants, put_first, read, selected_layers, write

if TYPE_CHECKING:
    from boildown import Artifact, Context, Quantize

#: Type and largest number of each kind.
_KINDS = {
    "float16": (np.dtype(np.float16), 65504.0),
    "bfloat16": (np.dtype(ml_dtypes.bfloat16), 3.3895313892515355e38),
}


def store_weights(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Store the selected weights in 16 bits; ONNX Runtime widens them when it loads the file."""
    graph = read(model)
    tensors = constants(graph)
    nodes = []
    for layer in selected_layers(step, context):
        tensor = tensors[layer.weight]
        narrow = _narrow(numpy_helper.to_array(tensor), step.weights)
        stored = numpy_helper.from_array(narrow, f"{tensor.name}/{step.weights}")
        nodes.append(helper.make_node("Cast", [stored.name], [tensor.name], to=TensorProto.FLOAT))
        graph.graph.initializer.remove(tensor)
        graph.graph.initializer.append(stored)
    put_first(graph, nodes)
    return StepOutcome(artifact=write(graph, context, step.weights))


def compute_in_float16(model: Artifact, context: Context) -> StepOutcome:
    """Turn the graph into float16 but for its inputs and outputs."""
    from onnxruntime.transformers.float16 import convert_float_to_float16
    from onnxruntime.transformers.onnx_model import OnnxModel

    converted = convert_float_to_float16(read(model), keep_io_types=True)
    # The converter puts the casts of the inputs last, where no other tool takes them.
    OnnxModel.graph_topological_sort(converted.graph, is_deterministic=True)
    warning = Warned(
        code="NOTE",
        text="ONNX Runtime has few float16 kernels for CPUs: it computes much of the graph in "
        "float32 and converts in between, which is made for GPUs and slow here",
    )
    return StepOutcome(artifact=write(converted, context, "float16"), warnings=(warning,))


def _narrow(weight: np.ndarray, kind: str) -> np.ndarray:
    """Round to nearest; a weight beyond float16 becomes the largest one there is, not infinity."""
    wanted, largest = _KINDS[kind]
    narrow: np.ndarray = np.clip(weight, -largest, largest).astype(wanted)
    return narrow
