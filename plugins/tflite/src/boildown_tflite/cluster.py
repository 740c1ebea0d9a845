"""Weight sharing: a few distinct values for all weights of a layer, or of each of its channels.

Without training the values are boildown's own, so that every backend clusters alike. With training
TF Model Optimization finds and moves them (Han, Mao and Dally, "Deep compression", 2016).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from boildown import (
    StepOutcome,
    Warned,
    cluster_layers,
    fold_batch_norms,
    read_graph,
    unchanged,
    write_graph,
)

from .clustering import CentroidInitialization, cluster_weights, strip_clustering
from .fitting import fit_in_job
from .importer import import_onnx, write_back
from .wrapping import choose, wrapped

if TYPE_CHECKING:
    from boildown import Artifact, Cluster, Context
    from onnx import ModelProto

_STARTS = {
    None: CentroidInitialization.KMEANS_PLUS_PLUS,
    "kmeans": CentroidInitialization.KMEANS_PLUS_PLUS,
    "linear": CentroidInitialization.LINEAR,
    "density": CentroidInitialization.DENSITY_BASED,
    "random": CentroidInitialization.RANDOM,
}


def cluster(model: Artifact, step: Cluster, context: Context) -> StepOutcome:
    """Leave at most `step.count` distinct values in each selected layer, or channel of one.

    Raises, where the step trains, UnsupportedError where the batch is fixed or the network cannot
    be imported, and DataError where there are no labelled train samples.
    """
    graph = read_graph(model)
    warnings = _folded(fold_batch_norms(graph))
    if step.train is None:
        cluster_layers(graph, step, context)
        return StepOutcome(artifact=write_graph(graph, context, "clustered"), warnings=warnings)
    outcome = _trained(model, graph, step, context)
    return outcome.model_copy(update={"warnings": (*warnings, *outcome.warnings)})


def _trained(model: Artifact, graph: ModelProto, step: Cluster, context: Context) -> StepOutcome:
    assert step.train is not None  # noqa: S101 - the reason why this was called
    imported = import_onnx(graph)
    chosen, left = choose(step, imported, context)
    if not chosen:
        return unchanged(
            model, context, "TF Model Optimization clusters none of the selected layers"
        )
    clustered = wrapped(
        imported.model,
        chosen,
        lambda layer: cluster_weights(
            layer,
            number_of_clusters=step.count,
            cluster_centroids_init=_STARTS[step.init],
            # It would make zeros where there are none.
            preserve_sparsity=step.keep_sparsity and bool((layer.kernel.numpy() == 0).any()),
            cluster_per_channel=step.granularity == "channel",
        ),
    )
    fitted = fit_in_job(clustered, graph, step.train, context)
    stripped = replace(imported, model=strip_clustering(clustered))
    artifact = write_graph(write_back(graph, stripped), context, "clustered")
    return StepOutcome(artifact=artifact, epochs=fitted.epochs, warnings=left)


def _folded(names: list[str]) -> tuple[Warned, ...]:
    if not names:
        return ()
    text = (
        f"{len(names)} batch norms are folded into their convolutions before these are clustered,"
        " since a .tflite file holds them folded, which would give each channel values of its own"
    )
    return (Warned(code="NOTE", text=text),)
