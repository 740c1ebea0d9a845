"""Example inputs of a graph, for what has to see a network run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from boildown import UnsupportedError
from onnx import TensorProto

if TYPE_CHECKING:
    from onnx import ModelProto
    from torch import Tensor

_SAMPLES = 8


def example(source: ModelProto) -> tuple[Tensor, ...]:
    """Return one tensor for each input of the graph: noise, or zeros where it takes integers.

    Raises UnsupportedError for inputs with more open lengths than the batch.
    """
    generator = torch.Generator().manual_seed(0)
    made = []
    for item in source.graph.input:
        tensor = item.type.tensor_type
        first, *rest = tensor.shape.dim
        if any(not dim.HasField("dim_value") for dim in rest):
            raise UnsupportedError(
                f"input {item.name!r} has open lengths besides the batch; NNI has to see the"
                " network run, so fix them when you export the model"
            )
        shape = [first.dim_value or _SAMPLES, *(dim.dim_value for dim in rest)]
        if tensor.elem_type == TensorProto.FLOAT:
            made.append(torch.randn(shape, generator=generator))
        else:
            made.append(torch.zeros(shape, dtype=torch.int64))
    return tuple(made)
