"""Weights as plain tensors again, for toolkits that cannot hold what a graph computes them from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from onnx import numpy_helper

from ..model.folding import Constants
from .graph import initializers, replace_nodes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from onnx import ModelProto


def store_plainly(model: ModelProto, weights: Iterable[str]) -> None:
    """Replace weights, by name, that the graph computes from constants by their values, in place.

    The values are float32, as the graph computes them, to the last bit; weights that are stored
    plainly already are left alone. Nodes and constants that nothing reads any more are removed.
    Raises ModelError for a name that is not constant.
    """
    constants = Constants(model)
    computed = [name for name in weights if name not in initializers(model)]
    values = {name: constants.value(name).astype(np.float32) for name in computed}
    replace_nodes(model, [n for n in model.graph.node if not set(n.output) & values.keys()])
    model.graph.initializer.extend(
        numpy_helper.from_array(array, name) for name, array in values.items()
    )
    if computed:
        _drop_unread(model)


def _drop_unread(model: ModelProto) -> None:
    read = {item.name for item in model.graph.output}
    kept = []
    for node in reversed(model.graph.node):
        if read & set(node.output):
            read |= set(node.input)
            kept.append(node)
    replace_nodes(model, reversed(kept))
    for name, tensor in initializers(model).items():
        if name not in read:
            model.graph.initializer.remove(tensor)
