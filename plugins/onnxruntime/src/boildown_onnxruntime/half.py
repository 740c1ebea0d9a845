"""The whole graph computing in float16."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import StepOutcome, Warned, read_graph, write_graph

if TYPE_CHECKING:
    from boildown import Artifact, Context


def compute_in_float16(model: Artifact, context: Context) -> StepOutcome:
    """Turn the graph into float16 but for its inputs and outputs."""
    from onnxruntime.transformers.float16 import convert_float_to_float16
    from onnxruntime.transformers.onnx_model import OnnxModel

    converted = convert_float_to_float16(read_graph(model), keep_io_types=True)
    # The converter puts the casts of the inputs last, where no other tool takes them.
    OnnxModel.graph_topological_sort(converted.graph, is_deterministic=True)
    warning = Warned(
        code="NOTE",
        text="ONNX Runtime has few float16 kernels for CPUs: it computes much of the graph in "
        "float32 and converts in between, which is made for GPUs and slow here",
    )
    return StepOutcome(artifact=write_graph(converted, context, "float16"), warnings=(warning,))
