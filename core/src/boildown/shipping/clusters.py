"""Weight sharing at once, without training: the same values whichever backend asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import numpy_helper

from ..encoding.cluster import cluster_weight
from ..plugins.selection import selected_layers
from .graph import initializers, store_values

if TYPE_CHECKING:
    from onnx import ModelProto

    from ..model.layers import Layer
    from ..plugins.values import Context
    from ..recipe.steps import Cluster


def cluster_layers(model: ModelProto, step: Cluster, context: Context) -> list[Layer]:
    """Leave at most `step.count` distinct values in each selected layer, or channel of one.

    Changes `model` in place and returns the layers.
    """
    tensors = initializers(model)
    layers = selected_layers(step, context)
    random = np.random.default_rng(context.seed)
    for done, layer in enumerate(layers):
        context.progress(done, len(layers), layer.name)
        weight = numpy_helper.to_array(tensors[layer.weight])
        store_values(model, {layer.weight: cluster_weight(weight, step, layer.axis, random)})
    return layers
