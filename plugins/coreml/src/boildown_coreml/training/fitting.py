"""Train an imported network as a job says: its data, seed, threads and progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from boildown import refuse_fixed_batch
from boildown_torch.importer import import_onnx, write_back
from boildown_torch.training import fit

from ..toolkit import silently

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boildown import Artifact, Context, Fitted, Layer, Train, Warned
    from onnx import ModelProto
    from torch import Tensor, nn


class Trained(NamedTuple):
    """What a training has made."""

    #: The source with other numbers.
    artifact: Artifact
    #: The layers whose numbers are now as the step asks.
    layers: list[Layer]
    epochs: int
    #: Of the other layers.
    warnings: tuple[Warned, ...]


def fit_in_job(
    module: nn.Module, source: ModelProto, settings: Train, context: Context, **more: Any
) -> Fitted:
    """Train `module`, which takes the inputs of `source`, in place; `more` goes to `fit`.

    Raises UnsupportedError where the batch of `source` is fixed, and what `fit` raises.
    """
    refuse_fixed_batch(source)
    with silently():
        return fit(
            module,
            context.data,
            settings,
            seed=context.seed,
            threads=context.threads,
            inputs=[item.name for item in source.graph.input],
            progress=context.progress,
            **more,
        )


def tensors_of(module: nn.Module) -> dict[str, Tensor]:
    """Return what a module is trained in: parameters and buffers by name.

    coremltools puts modules of its own in the place of those of PyTorch, around the same tensors.
    """
    return {**dict(module.named_parameters()), **dict(module.named_buffers())}


def with_numbers(source: ModelProto, tensors: Mapping[str, Tensor]) -> ModelProto:
    """Return a copy of `source` with the numbers of `tensors`, named as in its import."""
    module = import_onnx(source)
    with torch.no_grad():
        for name, tensor in tensors_of(module).items():
            tensor.copy_(tensors[name])
    return write_back(source, module)
