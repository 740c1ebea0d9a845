"""Weight sharing: a few distinct values for all weights of a layer, or of each of its channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import StepOutcome, cluster_layers, read_graph, write_graph

if TYPE_CHECKING:
    from boildown import Artifact, Cluster, Context


def cluster(model: Artifact, step: Cluster, context: Context) -> StepOutcome:
    """Leave at most `step.count` distinct values in each selected layer, or channel of one."""
    graph = read_graph(model)
    cluster_layers(graph, step, context)
    return StepOutcome(artifact=write_graph(graph, context, "clustered"))
