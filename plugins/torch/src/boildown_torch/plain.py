"""A chain's float result as a module, for files that hold weights as plain float32 only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import read_graph, source_layers, store_plainly

from .importer import import_onnx

if TYPE_CHECKING:
    from boildown import Artifact, Context
    from onnx import ModelProto
    from torch import fx


def plain_module(model: Artifact, context: Context) -> tuple[fx.GraphModule, ModelProto]:
    """Return the network in evaluation mode, and the graph that it was imported from.

    Raises UnsupportedError where it cannot be imported.
    """
    graph = read_graph(model)
    store_plainly(graph, {layer.weight for layer in source_layers(context.network.path)})
    return import_onnx(graph).eval(), graph
