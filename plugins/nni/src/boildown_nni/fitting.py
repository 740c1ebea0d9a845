"""Train a network as a job says: its data, seed, threads and progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from boildown import refuse_fixed_batch
from boildown_torch.training import fit

from .zeros import keep_zeros

if TYPE_CHECKING:
    from boildown import Context, Fitted, Train
    from onnx import ModelProto
    from torch import nn


def fit_in_job(
    module: nn.Module,
    source: ModelProto,
    settings: Train,
    context: Context,
    **more: Any,
) -> Fitted:
    """Train `module`, which takes the inputs of `source`, in place; weights that are 0 stay 0.

    Raises UnsupportedError where the batch of `source` is fixed, and what `fit` raises.
    """
    refuse_fixed_batch(source)
    zeros, hook = keep_zeros(module), more.pop("after_step", None)

    def after_step(number: int) -> None:
        if hook is not None:
            hook(number)
        zeros()

    return fit(
        module,
        context.data,
        settings,
        seed=context.seed,
        threads=context.threads,
        inputs=[item.name for item in source.graph.input],
        after_step=after_step,
        # NNI flattens weights and masks by `view`.
        layout=torch.contiguous_format,
        **{"progress": context.progress, **more},
    )
