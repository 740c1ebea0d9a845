"""Weight sharing: a few distinct values for all weights of a layer, or of each of its channels.

The values are boildown's own, so that every backend clusters alike; PyTorch trains them where a
step asks for it.
"""

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

from .batching import refuse_fixed_batch

if TYPE_CHECKING:
    from boildown import Artifact, Cluster, Context


def cluster(model: Artifact, step: Cluster, context: Context) -> StepOutcome:
    """Leave at most `step.count` distinct values in each selected layer, or channel of one.

    Raises, where the step trains, UnsupportedError where the batch is fixed or the network cannot
    be imported, and DataError where there are no labelled train samples.
    """
    graph = read_graph(model)
    if step.train is not None:
        refuse_fixed_batch(graph)
    tensors = initializers(graph)
    layers = selected_layers(step, context)
    random = np.random.default_rng(context.seed)
    for done, layer in enumerate(layers):
        context.progress(done, len(layers), layer.name)
        weight = numpy_helper.to_array(tensors[layer.weight])
        store_values(graph, {layer.weight: cluster_weight(weight, step, layer.axis, random)})
    if step.train is None:
        return StepOutcome(artifact=write_graph(graph, context, "clustered"))
    from .centroids import trained

    return trained(graph, layers, step, step.train, context)
