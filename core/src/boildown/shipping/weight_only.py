"""Weight-only quantization as a step: the graph rebuilds float32 weights from codes or halves.

The arithmetic and the file are boildown's, so that every backend between ONNX and ONNX rounds and
stores alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from onnx import numpy_helper

from ..encoding.quantize import encode_weight
from ..plugins.selection import selected_layers
from ..plugins.values import StepOutcome, Warned
from ..recipe.steps import Prune
from .about_halves import about_halves
from .codes import store_codes
from .files import read_graph, write_graph
from .graph import initializers
from .halves import store_halves

if TYPE_CHECKING:
    from ..artifact import Artifact
    from ..plugins.values import Context
    from ..recipe.steps import Quantize


def quantize_weights(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Store the selected weights in the bits that `step.weights` asks for, and compute in float32.

    Integers have a scale per output channel or tensor; float16 and bfloat16 have none, and say
    which weights they cannot hold.
    """
    graph = read_graph(model)
    layers = selected_layers(step, context)
    tensors = initializers(graph)
    arrays = {layer.weight: numpy_helper.to_array(tensors[layer.weight]) for layer in layers}
    nearly: tuple[str, ...] = ()
    if step.weights in {"float16", "bfloat16"}:
        nearly = about_halves({layer.name: arrays[layer.weight] for layer in layers}, step.weights)
        store_halves(graph, arrays, step.weights)
    else:
        store_codes(
            graph,
            {
                layer.weight: encode_weight(arrays[layer.weight], step, layer.axis)
                for layer in layers
            },
        )
    artifact = write_graph(graph, context, step.weights.replace(":", "-"))
    return StepOutcome(
        artifact=artifact, approximations=nearly, warnings=about_one_bit(step, context)
    )


def about_one_bit(step: Quantize, context: Context) -> tuple[Warned, ...]:
    """Say of one bit that nothing here computes with it, and that it has no 0 for earlier zeros."""
    if step.weights != "int1":
        return ()
    text = (
        "weights are packed in 1 bit and computed with in float32: no kernel for products of"
        " 1-bit weights runs here, so the file is small and not faster"
    )
    found = [Warned(code="NOTE", text=text)]
    earlier = context.steps[: context.index]
    if any(isinstance(before, Prune) and before.structure != "channel" for before in earlier):
        text = (
            "one bit is a sign: the weights that `prune` has made 0 are as large as all others"
            " again; leave `prune` out, or give 2 bits"
        )
        found.append(Warned(code="PARTIAL", text=text))
    return tuple(found)
