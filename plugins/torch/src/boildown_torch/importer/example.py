"""Example inputs of a graph, for what has to see a network run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from boildown import UnsupportedError

from .builder import DTYPES

if TYPE_CHECKING:
    from onnx import ModelProto


def example_inputs(
    source: ModelProto, samples: int = 2, *, length: int | None = None
) -> tuple[torch.Tensor, ...]:
    """Return one tensor for each input of the graph: noise, or zeros and ones for integers.

    `samples` are in it where the batch is open (of one, torch.export would make a network of one
    sample), and so many numbers, `length`, along other open axes. Raises UnsupportedError for
    inputs of a type that PyTorch does not have, and where `length` is None for other open axes.
    """
    generator = torch.Generator().manual_seed(0)
    made = []
    for item in source.graph.input:
        kind = DTYPES.get(item.type.tensor_type.elem_type)
        if kind is None:
            raise UnsupportedError(f"input {item.name!r} has a type that PyTorch does not have")
        shape = []
        for place, dim in enumerate(item.type.tensor_type.shape.dim):
            open_length = length if place else samples
            if not dim.HasField("dim_value") and open_length is None:
                raise UnsupportedError(
                    f"input {item.name!r} has open lengths besides the batch, and this has to see"
                    " the network run; fix them when you export the model"
                )
            shape.append(dim.dim_value if dim.HasField("dim_value") else open_length or 0)
        if kind.is_floating_point:
            made.append(torch.randn(shape, generator=generator).to(kind))
        else:
            made.append(torch.randint(0, 2, shape, generator=generator).to(kind))
    return tuple(made)
