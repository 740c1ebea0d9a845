"""Train a network as a job says: its data, seed, threads and progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from boildown_torch.training import fit_in_job

from .zeros import keep_zeros

if TYPE_CHECKING:
    from collections.abc import Callable

    from boildown import Context, Fitted, Train
    from boildown_torch.training import Objective
    from onnx import ModelProto
    from torch import nn

    from .evaluating import Run


def fit_keeping_zeros(
    module: nn.Module, source: ModelProto, settings: Train, context: Context, **more: Any
) -> Fitted:
    """Train as `fit_in_job` does, in place; weights that are 0 stay 0."""
    zeros, hook = keep_zeros(module), more.pop("after_step", None)

    def after_step(number: int) -> None:
        if hook is not None:
            hook(number)
        zeros()

    return fit_in_job(
        module,
        source,
        settings,
        context,
        after_step=after_step,
        # NNI flattens weights and masks by `view`.
        layout=torch.contiguous_format,
        **more,
    )


def run_in_job(
    source: ModelProto,
    settings: Train | None,
    context: Context,
    prepare: Callable[[nn.Module], None] | None = None,
) -> Run:
    """Return what trains a wrapped network as a step asks for: not at all without `settings`.

    `prepare` is called with the network before it trains.
    """

    def run(
        network: nn.Module, behind_each_batch: Callable[[], None], objective: Objective
    ) -> Fitted | None:
        if settings is None:
            return None
        if prepare is not None:
            prepare(network)
        return fit_keeping_zeros(
            network,
            source,
            settings,
            context,
            objective=objective,
            after_step=lambda _: behind_each_batch(),
        )

    return run
