"""Show a network labelled train samples without training it, for Taylor's first-order effects."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from boildown import DataError, batches, refuse_fixed_batch
from boildown_torch.training import Feed, first_output

if TYPE_CHECKING:
    from collections.abc import Callable

    from boildown import Context
    from boildown_torch.training import Objective
    from onnx import ModelProto
    from torch import nn

#: Samples that are looked at, in batches of so many.
_SAMPLES, _BATCH = 1024, 64


def batches_shown(context: Context) -> int:
    """Return how many batches `show` shows; DataError where there are no labelled samples."""
    split = context.data.splits.get("train") if context.data is not None else None
    if split is None or not split.labelled:
        raise DataError("criterion taylor needs labelled train samples")
    return -(-min(len(split), _SAMPLES) // _BATCH)


def show(
    module: nn.Module,
    behind_each_batch: Callable[[], None],
    objective: Objective,
    source: ModelProto,
    context: Context,
) -> None:
    """Run forward and backward in evaluation mode, leaving all weights as they are.

    Raises UnsupportedError where the batch of `source` is fixed.
    """
    refuse_fixed_batch(source)
    assert context.data is not None  # noqa: S101 - `batches_shown` was asked before
    feed = Feed([item.name for item in source.graph.input], torch.contiguous_format)
    module.eval()
    reading = batches(context.data, "train", _BATCH, seed=context.seed, limit=_SAMPLES)
    with torch.enable_grad():
        for batch in reading:
            inputs = feed.inputs(batch)
            module.zero_grad()
            loss = objective(first_output(module(*inputs)), inputs, feed.labels(batch))
            loss.backward()  # type: ignore[no-untyped-call]
            behind_each_batch()
