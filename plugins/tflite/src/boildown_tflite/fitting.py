"""Train an imported network as a job says: its data, seed and progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boildown import refuse_fixed_batch

from .training import fit

if TYPE_CHECKING:
    from boildown import Context, Fitted, Train
    from onnx import ModelProto

    from .keras import tf_keras


def fit_in_job(
    model: tf_keras.Model,
    source: ModelProto,
    settings: Train,
    context: Context,
    **more: Any,
) -> Fitted:
    """Train `model`, which takes the inputs of `source`, in place.

    Raises UnsupportedError where the batch of `source` is fixed, and what `fit` raises.
    """
    refuse_fixed_batch(source)
    return fit(
        model,
        context.data,
        settings,
        seed=context.seed,
        inputs=[item.name for item in source.graph.input],
        **{"progress": context.progress, **more},
    )
