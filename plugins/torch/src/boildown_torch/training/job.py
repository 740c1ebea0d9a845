"""Train an imported network as a job says: its data, seed, threads and progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boildown import refuse_fixed_batch

from ..quiet import quietly
from .loop import fit

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
