"""Train a network whose zeros stay zeros."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..importer import import_onnx, write_back
from ..training import fit_in_job
from ..zeros import keep_zeros

if TYPE_CHECKING:
    from boildown import Context, Prune
    from onnx import ModelProto


def tuned(graph: ModelProto, step: Prune, context: Context) -> tuple[ModelProto, int]:
    """Return the graph trained as the step says, and the number of epochs; as it is without.

    Raises UnsupportedError where the batch is fixed or the network cannot be imported.
    """
    if step.train is None:
        return graph, 0
    module = import_onnx(graph)
    fitted = fit_in_job(module, graph, step.train, context, after_step=keep_zeros(module))
    return write_back(graph, module), fitted.epochs
