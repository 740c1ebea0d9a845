"""Inputs to trace a network with: noise of the shapes that the graph wants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from boildown import UnsupportedError

from ..importer.builder import DTYPES

if TYPE_CHECKING:
    from onnx import ModelProto

_SAMPLES = 2
#: Length of an axis that is open besides the batch.
_OPEN = 8


def example(source: ModelProto) -> tuple[torch.Tensor, ...]:
    """Return one tensor for each input of the graph: noise, or zeros and ones for integers.

    Raises UnsupportedError for inputs of a type that PyTorch does not have.
    """
    generator = torch.Generator().manual_seed(0)
    made = []
    for item in source.graph.input:
        tensor = item.type.tensor_type
        if tensor.elem_type not in DTYPES:
            raise UnsupportedError(f"input {item.name!r} has a type that PyTorch does not have")
        open_lengths = [_SAMPLES, *[_OPEN] * len(tensor.shape.dim)]
        shape = [
            dim.dim_value if dim.HasField("dim_value") else length
            for dim, length in zip(tensor.shape.dim, open_lengths, strict=False)
        ]
        kind = DTYPES[tensor.elem_type]
        if kind.is_floating_point:
            made.append(torch.randn(shape, generator=generator).to(kind))
        else:
            made.append(torch.randint(0, 2, shape, generator=generator).to(kind))
    return tuple(made)
