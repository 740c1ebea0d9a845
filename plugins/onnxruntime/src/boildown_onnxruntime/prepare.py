"""Bring a graph into the form that ONNX Runtime's quantizers want: batch norms folded, no factors.

It is what `quant_pre_process` does, but for two things: a graph that cannot be optimized is an
error instead of a line in a log, and no layer loses its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
import onnxruntime
from boildown import read_graph, with_opset
from onnxruntime.quantization.quant_utils import add_pre_process_metadata

from .gemm import spell_out_factors
from .graph import nodes_of, rename_nodes

if TYPE_CHECKING:
    from boildown import Artifact, Context, Layer
    from onnx import ModelProto

#: After these a layer is no longer there under its name: most make a new node.
_FORGETFUL = (
    "MatMul_BatchNormalization_Fusion", "GemmTransposeFusion", "MatmulTransposeFusion",
    "GemmSumFusion",
    # Of two equal nodes it leaves one: a layer would be gone.
    "CommonSubexpressionElimination",
)  # fmt: skip
#: What the fusion of MatMul and Add, which saves a rounding, appends to the name of the MatMul.
_FUSED = "/MatMulAddFusion"
#: Version of the operators since which a scale may belong to a channel.
_SCALES_BY_CHANNEL = 13
_ERRORS_ONLY = 3
_CONVOLUTIONS = ("Conv", "ConvTranspose")


def prepared(
    model: Artifact, layers: list[Layer], context: Context, *, fold: bool = True
) -> ModelProto:
    """Return the graph with shapes inferred; all nodes of `layers` keep their names.

    Batch norms are folded into `layers`, unless `fold` is false, and into no others: those stay
    as they are.
    """
    graph = with_opset(read_graph(model), _SCALES_BY_CHANNEL)
    chosen = nodes_of(layers, context)
    spell_out_factors(graph, chosen)
    kept = _as_outputs(graph, chosen if fold else set())
    folded, inferred = (context.workdir / f"{name}.onnx" for name in ("folded", "inferred"))
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(folded)
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = _ERRORS_ONLY
    onnxruntime.InferenceSession(
        graph.SerializeToString(),
        options,
        providers=["CPUExecutionProvider"],
        disabled_optimizers=_FORGETFUL,
    )
    # From file to file: in memory, Python and C++ would hand each other copies of the weights.
    onnx.shape_inference.infer_shapes_path(folded, inferred)
    ready = onnx.load(inferred)
    folded.unlink()
    inferred.unlink()
    for output in [item for item in ready.graph.output if item.name in kept]:
        ready.graph.output.remove(output)
    rename_nodes(ready, {f"{node.name}{_FUSED}": node.name for node in graph.graph.node})
    add_pre_process_metadata(ready)  # else the quantizers complain
    return ready


def _as_outputs(graph: ModelProto, folded: set[str]) -> set[str]:
    """Make outputs of what other convolutions compute; return the new ones' names.

    ONNX Runtime folds nothing that stands behind an output of the network.
    """
    outputs = {item.name for item in graph.graph.output}
    kept = {
        node.output[0]
        for node in graph.graph.node
        if node.op_type in _CONVOLUTIONS and node.name not in folded
    } - outputs
    graph.graph.output.extend(onnx.ValueInfoProto(name=name) for name in sorted(kept))
    return kept
