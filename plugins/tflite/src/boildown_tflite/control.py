"""Training alone: the control against which every step that trains is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import read_graph, write_graph

from .fitting import fit_in_job
from .importer import import_onnx, write_back

if TYPE_CHECKING:
    from boildown import Artifact, Context, Train


def train(model: Artifact, settings: Train, context: Context) -> Artifact:
    """Return the network with weights that were trained further, and nothing else changed."""
    graph = read_graph(model)
    imported = import_onnx(graph)
    fit_in_job(imported.model, graph, settings, context)
    return write_graph(write_back(graph, imported), context, "trained")
