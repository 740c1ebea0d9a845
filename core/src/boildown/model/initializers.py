"""Every constant of a graph as one plain initializer in a form of its own, raw and dense."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onnx import TensorProto, numpy_helper

from .folding import Constants
from .stored import Stored, constant_value

if TYPE_CHECKING:
    import onnx

#: Folding these keeps the number of elements, so the file does not grow.
_RESHAPING = (
    "Identity", "Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Cast",
)  # fmt: skip


def plain_initializers(model: onnx.ModelProto) -> None:
    """Turn constants into initializers, in place: nodes, sparse tensors, reshaped weights.

    Constant nodes go, and with them Identity, Transpose, Reshape, Squeeze, Unsqueeze, Flatten and
    Cast of constants, so that a weight is an input of the node that uses it. Initializers that
    were inputs too are none afterwards, unused ones are dropped, and all are stored raw and dense.
    """
    graph = model.graph
    constants = Constants(model)
    tensors = dict(constants.stored)
    kept = []
    for node in graph.node:
        if node.op_type == "Constant" and constant_value(node) is not None:
            continue
        if node.op_type in _RESHAPING and set(node.output) <= constants.names:
            for name in node.output:
                tensors[name] = Stored(numpy_helper.from_array(constants.value(name), name))
            continue
        kept.append(node)
    used = {name for node in kept for name in node.input} | {item.name for item in graph.output}
    inputs = [item for item in graph.input if item.name not in tensors]
    plain = [_plain(name, stored) for name, stored in tensors.items() if name in used]
    del graph.node[:], graph.initializer[:], graph.sparse_initializer[:], graph.input[:]
    graph.node.extend(kept)
    graph.initializer.extend(plain)
    graph.input.extend(inputs)
    # Before version 4 of the format every initializer had to be an input.
    model.ir_version = max(model.ir_version, 4)


def densify(graph: onnx.GraphProto) -> None:
    """Turn sparse initializers into plain ones, in place: shape inference does not know them."""
    found = [(sparse.values.name, Stored(sparse)) for sparse in graph.sparse_initializer]
    del graph.sparse_initializer[:]
    graph.initializer.extend(_plain(name, stored) for name, stored in found)


def _plain(name: str, stored: Stored) -> TensorProto:
    tensor = stored.tensor
    if isinstance(tensor, TensorProto) and (
        tensor.HasField("raw_data") or tensor.data_type == TensorProto.STRING
    ):
        copy = TensorProto()
        copy.CopyFrom(tensor)
        copy.name = name
        return copy
    return numpy_helper.from_array(stored.array(), name)
