"""Zero weights at once, and train what is left where the step says so.

Nothing is imported for it but to train, so it prunes any network and every kind of layer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from boildown import (
    StepOutcome,
    UnsupportedError,
    Warned,
    initializers,
    read_graph,
    selected_layers,
    store_values,
    unchanged,
    write_graph,
)
from onnx import numpy_helper

from ..offers.prune import LAYERS
from .gradients import effects
from .norms import norms_behind
from .scoring import Evidence, kept
from .tuning import tuned

if TYPE_CHECKING:
    from boildown import Artifact, Context, Layer, Prune
    from onnx import ModelProto
    from torch import Tensor


def zero(model: Artifact, step: Prune, context: Context) -> StepOutcome:
    """Zero weights of the selected layers as `step` says, exactly as many as it says.

    Raises UnsupportedError where `slim` finds no batch norm, or training is asked for and the
    network cannot be imported or has a fixed batch.
    """
    graph, layers = read_graph(model), selected_layers(step, context)
    if step.criterion == "taylor":
        layers = [layer for layer in layers if layer.op in LAYERS]
    if not layers:
        return unchanged(model, context, f"none of the selected layers is a {', '.join(LAYERS)}")
    evidence, left = _evidence(graph, layers, step, context)
    layers = [layer for layer in layers if layer.name not in left]
    weights = [values_of(graph, layer) for layer in layers]
    masks = kept(layers, weights, step, step.sparsity or 0.0, evidence)
    for layer, weight, mask in zip(layers, weights, masks, strict=True):
        store_values(graph, {layer.weight: np.where(mask, weight, weight.numpy().dtype.type(0))})
    graph, epochs = tuned(graph, step, context)
    warnings = (Warned(code="PARTIAL", text=_told(left)),) if left else ()
    artifact = write_graph(graph, context, "pruned")
    return StepOutcome(artifact=artifact, epochs=epochs, warnings=warnings)


def values_of(graph: ModelProto, layer: Layer) -> Tensor:
    """Return a layer's weight as it stands in the graph."""
    return torch.from_numpy(numpy_helper.to_array(initializers(graph)[layer.weight]).copy())


def _evidence(
    graph: ModelProto, layers: list[Layer], step: Prune, context: Context
) -> tuple[Evidence, set[str]]:
    """Return what scores are made of, and the names of layers that it says nothing about."""
    if step.criterion == "taylor":
        learned = effects(graph, layers, context)
        missing = {layer.name for layer in layers if layer.weight not in learned}
        return Evidence(context.seed, learned=learned), missing
    if step.criterion != "slim":
        return Evidence(context.seed), set()
    norms = norms_behind(graph, layers)
    if not norms:
        raise UnsupportedError(
            "criterion slim judges filters by the batch norm behind them, and there is none behind"
            f" {', '.join(repr(layer.node) for layer in layers)}; give another criterion"
        )
    missing = {layer.name for layer in layers if layer.weight not in norms}
    return Evidence(context.seed, norms=norms), missing


def _told(left: set[str]) -> str:
    return f"the criterion says nothing about these layers, which stay: {', '.join(sorted(left))}"
