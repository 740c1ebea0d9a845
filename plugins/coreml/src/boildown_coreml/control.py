"""Training alone: the control against which every step that trains is held."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import read_graph, write_graph
from boildown_torch.importer import import_onnx, write_back
from boildown_torch.training import fit_in_job

if TYPE_CHECKING:
    from boildown import Artifact, Context, Train


def train(model: Artifact, settings: Train, context: Context) -> Artifact:
    """Return the network with weights that were trained further, and nothing else changed."""
    graph = read_graph(model)
    module = import_onnx(graph)
    fit_in_job(module, graph, settings, context)
    return write_graph(write_back(graph, module), context, "trained")
