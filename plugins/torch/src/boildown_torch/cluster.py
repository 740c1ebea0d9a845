"""Weight sharing: a few distinct values for all weights of a layer, or of each of its channels.

The values are boildown's own, so that every backend clusters alike; PyTorch trains them where a
step asks for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import (
    StepOutcome,
    Warned,
    cluster_layers,
    fold_batch_norms,
    read_graph,
    refuse_fixed_batch,
    write_graph,
)

from .later import folds_batch_norms

if TYPE_CHECKING:
    from boildown import Artifact, Cluster, Context


def cluster(model: Artifact, step: Cluster, context: Context) -> StepOutcome:
    """Leave at most `step.count` distinct values in each selected layer, or channel of one.

    Raises, where the step trains, UnsupportedError where the batch is fixed or the network cannot
    be imported, and DataError where there are no labelled train samples.
    """
    graph = read_graph(model)
    if step.train is not None:
        refuse_fixed_batch(graph)
    warnings = _folded(fold_batch_norms(graph)) if folds_batch_norms(context) else ()
    layers = cluster_layers(graph, step, context)
    if step.train is None:
        return StepOutcome(artifact=write_graph(graph, context, "clustered"), warnings=warnings)
    from .centroids import trained

    outcome = trained(graph, layers, step, step.train, context)
    return outcome.model_copy(update={"warnings": (*warnings, *outcome.warnings)})


def _folded(names: list[str]) -> tuple[Warned, ...]:
    if not names:
        return ()
    text = (
        f"{len(names)} batch norms are folded into their convolutions before these are clustered,"
        " since the static int8 of a later step does so, and would give each channel values of its"
        " own"
    )
    return (Warned(code="NOTE", text=text),)
