"""Weights stored in 16 bits, which the graph widens to float32."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ml_dtypes
import numpy as np
from onnx import TensorProto, helper, numpy_helper

from .graph import initializers, replace_nodes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from onnx import ModelProto

#: Type and largest number of each kind.
_KINDS = {
    "float16": (np.dtype(np.float16), 65504.0),
    "bfloat16": (np.dtype(ml_dtypes.bfloat16), 3.3895313892515355e38),
}


def largest_half(kind: str) -> float:
    """Return the largest number of float16 or bfloat16; KeyError for another kind."""
    return _KINDS[kind][1]


def store_halves(model: ModelProto, weights: Iterable[str], kind: str) -> None:
    """Round initializers, by name, to the nearest number of 16 bits, in place.

    `kind` is float16 or bfloat16, as in `Quantize.weights`. A weight beyond what it can hold
    becomes the largest there is, not infinity; `about_halves` says so. Each weight keeps its
    name, now that of a float32 tensor that a Cast computes; ONNX Runtime does so once, when it
    loads the file. Raises KeyError for a name that is no dense initializer, and for another kind.
    """
    wanted, largest = _KINDS[kind]
    tensors = initializers(model)
    nodes = []
    for weight in weights:
        values = numpy_helper.to_array(tensors[weight])
        narrow = np.clip(values, -largest, largest).astype(wanted)
        stored = numpy_helper.from_array(narrow, f"{weight}/{kind}")
        nodes.append(helper.make_node("Cast", [stored.name], [weight], to=TensorProto.FLOAT))
        model.graph.initializer.remove(tensors[weight])
        model.graph.initializer.append(stored)
    replace_nodes(model, [*nodes, *model.graph.node])
