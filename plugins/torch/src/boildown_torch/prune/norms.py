"""Find the batch norm behind a layer, whose factors tell which channels matter (`slim`).

Liu and others, "Learning efficient convolutional networks through network slimming", 2017.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from boildown import initializers
from onnx import numpy_helper

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boildown import Layer
    from onnx import ModelProto
    from torch import Tensor


def norms_behind(graph: ModelProto, layers: Sequence[Layer]) -> dict[str, Tensor]:
    """Return, by a layer's weight, the absolute factors of the batch norm right behind it.

    Layers without one are left out.
    """
    tensors = initializers(graph)
    outputs = {node.name: node.output[0] for node in graph.graph.node}
    factors = {
        node.input[0]: node.input[1]
        for node in graph.graph.node
        if node.op_type == "BatchNormalization" and node.input[1] in tensors
    }
    return {
        layer.weight: torch.from_numpy(np.abs(numpy_helper.to_array(tensors[factor])))
        for layer in layers
        if (factor := factors.get(outputs.get(layer.node, ""))) is not None
    }
