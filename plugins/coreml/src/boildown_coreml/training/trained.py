"""What a training has made, and how its numbers come back into the ONNX source."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from boildown_torch.importer import import_onnx, write_back

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boildown import Artifact, Layer, Warned
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
