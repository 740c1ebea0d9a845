"""Train a network whose zeros stay zeros."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..batching import refuse_fixed_batch
from ..importer import import_onnx, write_back
from ..quiet import quietly
from ..training import fit
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
    refuse_fixed_batch(graph)
    module = import_onnx(graph)
    with quietly():
        fitted = fit(
            module,
            context.data,
            step.train,
            seed=context.seed,
            threads=context.threads,
            inputs=[item.name for item in graph.graph.input],
            after_step=keep_zeros(module),
            progress=context.progress,
        )
    return write_back(graph, module), fitted.epochs
