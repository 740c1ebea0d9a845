"""Ship a float network as `.pt2`, an exported program that PyTorch itself loads and runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from boildown import Artifact, deploy_onnx

from .importer import example_inputs
from .plain import plain_module
from .quiet import quietly
from .static.exporting import open_batch, program_of

if TYPE_CHECKING:
    from boildown import Context


def deploy(model: Artifact, context: Context) -> Artifact:
    """Write `model.pt2` with an open batch, and `model.onnx` with the same numbers beside it.

    Raises UnsupportedError where the network cannot be imported or exported.
    """
    deploy_onnx(model, context)
    module, graph = plain_module(model, context)
    path = context.workdir / "model.pt2"
    with quietly():
        torch.export.save(program_of(module, example_inputs(graph), open_batch(graph)), path)
    return Artifact(path=path, format="pt2")
