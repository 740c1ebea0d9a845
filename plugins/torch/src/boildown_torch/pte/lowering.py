"""From an exported program to the bytes of a `.pte` file, for XNNPACK's kernels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import UnsupportedError
from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
from executorch.exir import to_edge_transform_and_lower
from executorch.exir.error import ExportError, InternalError

from ..importer import example_inputs
from ..quiet import quietly
from ..static.exporting import program_of

if TYPE_CHECKING:
    from onnx import ModelProto
    from torch import nn
    from torch.export import ExportedProgram


def fixed_program(module: nn.Module, source: ModelProto) -> ExportedProgram:
    """Return the module as an exported program for batches of one, or of the size it demands.

    Raises UnsupportedError where torch.export cannot follow the module.

    One sample is what a phone computes at a time. With an open batch XNNPACK leaves some poolings
    to slower kernels, and memory would be laid out for the largest batch.
    """
    fixed = source.graph.input[0].type.tensor_type.shape.dim[0].dim_value
    inputs = tuple(item[: fixed or 1] for item in example_inputs(source))
    return program_of(module, inputs)


def lowered(program: ExportedProgram) -> bytes:
    """Return an exported program as a `.pte` file, with all that XNNPACK takes delegated to it.

    Raises UnsupportedError where ExecuTorch has no kernel for an operator.
    """
    try:
        with quietly():
            edge = to_edge_transform_and_lower(program, partitioner=[XnnpackPartitioner()])
            return bytes(edge.to_executorch().buffer)
    except (RuntimeError, NotImplementedError, ExportError, InternalError) as error:
        why = " ".join(str(error).split())[:400]
        raise UnsupportedError(f"ExecuTorch cannot write this network: {why}") from error
