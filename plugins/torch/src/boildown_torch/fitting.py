"""Train an imported network as a job says: its data, seed, threads and progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boildown import UnsupportedError

from .quiet import quietly
from .training import fit

if TYPE_CHECKING:
    from boildown import Context, Fitted, Train
    from onnx import ModelProto
    from torch import nn


def fit_in_job(
    module: nn.Module,
    source: ModelProto,
    settings: Train,
    context: Context,
    **more: Any,  # noqa: ANN401 - further arguments of `fit`, by name
) -> Fitted:
    """Train `module`, which takes the inputs of `source`, in place; what it prints is logged.

    Raises UnsupportedError where the batch of `source` is fixed, and what `fit` raises.
    """
    refuse_fixed_batch(source)
    with quietly():
        return fit(
            module,
            context.data,
            settings,
            seed=context.seed,
            threads=context.threads,
            inputs=[item.name for item in source.graph.input],
            **{"progress": context.progress, **more},
        )


def refuse_fixed_batch(source: ModelProto) -> None:
    """Raise UnsupportedError, naming input and first node, where the batch is fixed."""
    for item in source.graph.input:
        first = item.type.tensor_type.shape.dim[0]
        if first.HasField("dim_value"):
            user = next((n.name for n in source.graph.node if item.name in n.input), "")
            raise UnsupportedError(
                f"input {item.name!r} of node {user!r} takes batches of {first.dim_value} only, and"
                " training needs larger ones; export the model with an open batch"
            )
