"""The small changes of an ONNX graph that compression consists of: constants, nodes, versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx
from onnx import numpy_helper, version_converter

from ..errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from onnx import ModelProto, NodeProto, TensorProto


def initializers(model: ModelProto) -> dict[str, TensorProto]:
    """Map the names of the graph's dense initializers to them; a layer's is `layer.weight`."""
    return {tensor.name: tensor for tensor in model.graph.initializer}


def store_values(model: ModelProto, values: Mapping[str, np.ndarray]) -> None:
    """Give initializers new values of any shape and type under their old names, in place.

    Raises KeyError for a name that is no dense initializer.
    """
    tensors = initializers(model)
    for name, array in values.items():
        tensors[name].CopyFrom(numpy_helper.from_array(array, name))


def replace_nodes(model: ModelProto, nodes: Iterable[NodeProto]) -> None:
    """Give the graph other nodes, some of which may be its own, in place."""
    # Emptying the field would empty its own nodes too.
    copies = [type(node).FromString(node.SerializeToString()) for node in nodes]
    del model.graph.node[:]
    model.graph.node.extend(copies)


def node_attribute(node: NodeProto, name: str, default: float) -> float:
    """Return a number that a node has as an attribute, else the operator's default."""
    for attribute in node.attribute:
        if attribute.name == name:
            value: float = onnx.helper.get_attribute_value(attribute)
            return value
    return default


def opset(model: ModelProto) -> int:
    """Return the version of the standard operators that the graph uses."""
    versions = {entry.domain or "ai.onnx": entry.version for entry in model.opset_import}
    return int(versions["ai.onnx"])


def with_opset(model: ModelProto, least: int) -> ModelProto:
    """Return the model in at least this version of the standard operators.

    Raises UnsupportedError where onnx's converter cannot lift it.
    """
    if opset(model) >= least:
        return model
    try:
        return version_converter.convert_version(model, least)
    except RuntimeError as error:
        raise UnsupportedError(
            f"the model uses version {opset(model)} of ONNX's operators, this method needs"
            f" {least}, and the converter of onnx cannot lift it ({str(error).splitlines()[0]});"
            f" export the model with opset {least} or later"
        ) from error
