"""Weight-only quantization: the graph rebuilds float32 weights from codes or numbers of 16 bits.

The arithmetic is boildown's, so that every backend rounds alike; PyTorch has no part in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import (
    StepOutcome,
    encode_weight,
    initializers,
    read_graph,
    selected_layers,
    store_codes,
    store_halves,
    write_graph,
)
from onnx import numpy_helper

if TYPE_CHECKING:
    from boildown import Artifact, Context, Quantize


def in_codes(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Give every selected layer integer codes of the asked bits, per output channel or tensor."""
    graph = read_graph(model)
    tensors = initializers(graph)
    codes = {
        layer.weight: encode_weight(numpy_helper.to_array(tensors[layer.weight]), step, layer.axis)
        for layer in selected_layers(step, context)
    }
    store_codes(graph, codes)
    return StepOutcome(artifact=write_graph(graph, context, "codes"))


def in_half(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Store the selected weights in 16 bits; ONNX Runtime widens them when it loads the file."""
    graph = read_graph(model)
    store_halves(graph, [layer.weight for layer in selected_layers(step, context)], step.weights)
    return StepOutcome(artifact=write_graph(graph, context, step.weights))
