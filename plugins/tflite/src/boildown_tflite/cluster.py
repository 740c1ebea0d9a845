"""Weight sharing: a few distinct values for all weights of a layer, or of each of its channels.

Without training the values are boildown's own, so that every backend clusters alike. With training
TF Model Optimization finds and moves them (Han, Mao and Dally, "Deep compression", 2016).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
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
from .keras import tf_keras
from .training import keep_zeros
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
    after = keep_zeros(clustered)
    fitted = fit_in_job(clustered, graph, step.train, context, after_step=after)
    stripped = replace(imported, model=strip_clustering(clustered))
    warnings = (*left, *_parted(step, chosen, stripped.model))
    artifact = write_graph(write_back(graph, stripped), context, "clustered")
    return StepOutcome(artifact=artifact, epochs=fitted.epochs, warnings=warnings)


def _parted(step: Cluster, chosen: dict[str, str], model: tf_keras.Model) -> tuple[Warned, ...]:
    """Name the layers that do not have the values that were asked for.

    TF Model Optimization clusters by channel where a Conv2D has a bias: a matrix product gets one
    table, a transposed convolution one for each input channel, a layer without a bias none at all.
    """
    by_channel = step.granularity == "channel"
    parted = [
        repr(name)
        for layer, name in ((model.get_layer(keras), onnx) for keras, onnx in chosen.items())
        if (by_channel and type(layer) is not tf_keras.layers.Conv2D)
        or _most_values(layer.kernel.numpy(), by_channel=by_channel) > step.count
    ]
    if not parted:
        return ()
    what = "each channel" if by_channel else "all weights"
    text = f"TF Model Optimization does not share {step.count} values in {what} of"
    return (Warned(code="PARTIAL", text=f"{text} {', '.join(parted)}"),)


def _most_values(kernel: np.ndarray, *, by_channel: bool) -> int:
    """Return the most distinct values in a kernel, or in one of its output channels (the last)."""
    parts = kernel.reshape(-1, kernel.shape[-1]).T if by_channel else [kernel]
    return max(len(np.unique(part)) for part in parts)


def _folded(names: list[str]) -> tuple[Warned, ...]:
    if not names:
        return ()
    text = (
        f"{len(names)} batch norms are folded into their convolutions before these are clustered,"
        " since a .tflite file holds them folded, which would give each channel values of its own"
    )
    return (Warned(code="NOTE", text=text),)
