"""Ship a chain's result as a `.pte` file, with its ONNX form beside it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import torch
from boildown import Artifact, compute_in_float, deploy_onnx, write_graph

from ..plain import plain_module
from ..quiet import quietly
from ..static.kernels import turn_weights

with quietly():  # ExecuTorch warns of its own source while it is imported
    from .lowering import fixed_program, lowered

if TYPE_CHECKING:
    from boildown import Context
    from onnx import ModelProto
    from torch import nn

#: Format of what a step hands on that quantized for XNNPACK: a folder with these two files.
QUANTIZED = "pt2e"
_PROGRAM, _ONNX = "program.pt2", "model.onnx"


def deploy(model: Artifact, context: Context) -> Artifact:
    """Write `model.pte`, and `model.onnx` with the same numbers beside it.

    Raises UnsupportedError where the network cannot be imported, or ExecuTorch cannot write it.
    """
    torch.set_num_threads(context.threads)
    if model.format == QUANTIZED:
        shutil.copyfile(model.path / _ONNX, context.workdir / _ONNX)
        with quietly():
            program = torch.export.load(model.path / _PROGRAM)
    else:
        deploy_onnx(model, context)
        program = fixed_program(*plain_module(model, context))
    path = context.workdir / "model.pte"
    path.write_bytes(lowered(program))
    return Artifact(path=path, format="pte")


def save_quantized(
    converted: nn.Module, onnx_form: ModelProto, source: ModelProto, context: Context
) -> Artifact:
    """Write what `deploy` needs of a quantized network: the program to lower, and its ONNX form.

    `onnx_form` is what PyTorch exports of the same network; it is changed.
    """
    turn_weights(onnx_form)
    compute_in_float(onnx_form)
    folder = context.workdir / "quantized"
    folder.mkdir()
    write_graph(onnx_form, context.model_copy(update={"workdir": folder}), "model")
    with quietly():
        torch.export.save(fixed_program(converted, source), folder / _PROGRAM)
    return Artifact(path=folder, format=QUANTIZED)
