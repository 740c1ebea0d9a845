"""Ship a float network as `.pt2`, an exported program that PyTorch itself loads and runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from boildown import (
    Artifact,
    UnsupportedError,
    deploy_onnx,
    read_graph,
    source_layers,
    store_plainly,
)

from .importer import import_onnx
from .quiet import quietly
from .static.exporting import example, open_batch

if TYPE_CHECKING:
    from boildown import Context


def deploy(model: Artifact, context: Context) -> Artifact:
    """Write `model.pt2` with an open batch, and `model.onnx` with the same numbers beside it.

    Raises UnsupportedError where the network cannot be imported or exported.
    """
    deploy_onnx(model, context)
    graph = read_graph(model)
    store_plainly(graph, {layer.weight for layer in source_layers(context.original.path)})
    module = import_onnx(graph).eval()
    path = context.workdir / "model.pt2"
    try:
        with quietly():
            program = torch.export.export(module, example(graph), dynamic_shapes=open_batch(graph))
            torch.export.save(program, path)
    except (RuntimeError, torch._dynamo.exc.UserError) as error:  # noqa: SLF001 - its one home
        why = " ".join(str(error).split())[:400]
        raise UnsupportedError(f"torch.export cannot follow this network: {why}") from error
    return Artifact(path=path, format="pt2")
