"""Weight sharing: a few distinct values for all weights of a layer, or of each of its channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from boildown import (
    StepOutcome,
    cluster_weight,
    initializers,
    read_graph,
    selected_layers,
    store_values,
    write_graph,
)
from onnx import numpy_helper

if TYPE_CHECKING:
    from boildown import Artifact, Cluster, Context


def cluster(model: Artifact, step: Cluster, context: Context) -> StepOutcome:
    """Leave at most `step.count` distinct values in each selected layer, or channel of one."""
    graph = read_graph(model)
    tensors = initializers(graph)
    layers = selected_layers(step, context)
    random = np.random.default_rng(context.seed)
    for done, layer in enumerate(layers):
        context.progress(done, len(layers), layer.name)
        weight = numpy_helper.to_array(tensors[layer.weight])
        store_values(graph, {layer.weight: cluster_weight(weight, step, layer.axis, random)})
    return StepOutcome(artifact=write_graph(graph, context, "clustered"))
