"""Training alone: the control against which every step that trains is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import read_graph, write_graph

from .batching import refuse_fixed_batch
from .importer import import_onnx, write_back
from .quiet import quietly
from .training import fit

if TYPE_CHECKING:
    from boildown import Artifact, Context, Train


def train(model: Artifact, settings: Train, context: Context) -> Artifact:
    """Return the network with weights that were trained further, and nothing else changed."""
    graph = read_graph(model)
    refuse_fixed_batch(graph)
    module = import_onnx(graph)
    with quietly():
        fit(
            module,
            context.data,
            settings,
            seed=context.seed,
            threads=context.threads,
            inputs=[item.name for item in graph.graph.input],
            progress=context.progress,
        )
    return write_graph(write_back(graph, module), context, "trained")
