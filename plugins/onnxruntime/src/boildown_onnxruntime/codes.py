"""Weight-only quantization: integer codes and a scale, from which the graph rebuilds the weight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import (
    StepOutcome,
    encode_weight,
    initializers,
    read_graph,
    selected_layers,
    store_codes,
    write_graph,
)
from onnx import numpy_helper

if TYPE_CHECKING:
    from boildown import Artifact, Context, Quantize


def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Give every selected layer integer codes of the asked bits, per output channel or tensor."""
    graph = read_graph(model)
    tensors = initializers(graph)
    codes = {
        layer.weight: encode_weight(numpy_helper.to_array(tensors[layer.weight]), step, layer.axis)
        for layer in selected_layers(step, context)
    }
    store_codes(graph, codes)
    return StepOutcome(artifact=write_graph(graph, context, "codes"))
