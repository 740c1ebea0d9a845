"""Between imported modules, graphs of torch.export and ONNX files, with an open batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from boildown import UnsupportedError

from ..importer import example_inputs
from ..quiet import quietly

if TYPE_CHECKING:
    from onnx import ModelProto
    from torch import fx, nn
    from torch.export import ExportedProgram


def open_batch(source: ModelProto) -> tuple[dict[int, object], ...] | None:
    """Return which lengths of the inputs are open, for torch.export; None where none is."""
    firsts = [item.type.tensor_type.shape.dim[0] for item in source.graph.input]
    if any(dim.HasField("dim_value") for dim in firsts):
        return None
    batch = torch.export.Dim("batch")
    return tuple({0: batch} for _ in firsts)


def exported(module: nn.Module, source: ModelProto) -> fx.GraphModule:
    """Return the module as a graph of ATen operators, as PT2E wants it.

    Raises UnsupportedError where torch.export cannot follow the module.
    """
    return program_of(module, example_inputs(source), open_batch(source)).module()


def program_of(
    module: nn.Module,
    inputs: tuple[torch.Tensor, ...],
    shapes: tuple[dict[int, object], ...] | None = None,
) -> ExportedProgram:
    """Return the module as an exported program; `shapes` says which lengths are open.

    Raises UnsupportedError where torch.export cannot follow the module.
    """
    try:
        with quietly():
            return torch.export.export(module, inputs, dynamic_shapes=shapes)
    except (RuntimeError, torch._dynamo.exc.UserError) as error:  # noqa: SLF001 - its one home
        raise UnsupportedError(f"torch.export cannot follow it: {_short(error)}") from error


def as_onnx(module: nn.Module, source: ModelProto) -> ModelProto:
    """Return an exported module as ONNX, inputs and outputs as in `source`."""
    try:
        with quietly():
            program = torch.onnx.export(
                module,
                example_inputs(source),
                dynamo=True,
                dynamic_shapes=open_batch(source),
                input_names=[item.name for item in source.graph.input],
                output_names=[item.name for item in source.graph.output],
                external_data=False,
                verbose=False,
            )
    except (RuntimeError, torch.onnx.OnnxExporterError) as error:
        raise UnsupportedError(f"PyTorch cannot write it as ONNX: {_short(error)}") from error
    assert program is not None  # noqa: S101 - only the old exporter gives nothing
    model: ModelProto = program.model_proto
    for field in ("input", "output"):
        del getattr(model.graph, field)[:]
        getattr(model.graph, field).extend(getattr(source.graph, field))
    return model


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:400]
