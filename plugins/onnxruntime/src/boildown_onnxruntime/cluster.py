"""Weight sharing: a few distinct values for all weights of a layer, or of each of its channels.

The weights stay plain numbers here. When the file is deployed, weights with few distinct values
are stored as packed indices into a table of those values (`storage`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from boildown import StepOutcome
from onnx import numpy_helper

from .graph import constants, read, replace_values, selected_layers, write
from .kmeans import shared_values

if TYPE_CHECKING:
    from boildown import Artifact, Cluster, Context


def cluster(model: Artifact, step: Cluster, context: Context) -> StepOutcome:
    """Leave at most `step.count` distinct values in each selected layer, or channel of one."""
    graph = read(model)
    tensors = constants(graph)
    layers = selected_layers(step, context)
    random = np.random.default_rng(context.seed)
    for done, layer in enumerate(layers):
        context.progress(done, len(layers), layer.name)
        weight = numpy_helper.to_array(tensors[layer.weight])
        if step.granularity == "channel":
            rows = np.moveaxis(weight, layer.axis, 0)
            shared = np.stack([_shared(row, step, random) for row in rows])
            shared = np.moveaxis(shared, 0, layer.axis)
        else:
            shared = _shared(weight, step, random)
        replace_values(tensors[layer.weight], np.ascontiguousarray(shared))
    return StepOutcome(artifact=write(graph, context, "clustered"))


def _shared(weight: np.ndarray, step: Cluster, random: np.random.Generator) -> np.ndarray:
    zero = weight == 0
    if not (step.keep_sparsity and zero.any()):
        return shared_values(weight, step.count, step.init, random)
    result = weight.copy()
    if not zero.all():
        # Zero is one of the values, so that the layer still has no more than was asked.
        result[~zero] = shared_values(weight[~zero], step.count - 1, step.init, random)
    return result
