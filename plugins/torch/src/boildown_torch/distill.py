"""Distilling: a student, named or narrower than the network, learns to imitate a teacher.

The losses are those of `training.Distillation` (Hinton, Vinyals and Dean, 2015; hints: Romero and
others, 2014).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import StepOutcome, named_lesson, warn_of_kept_channels, write_graph

from .fresh import start_anew
from .importer import import_onnx, write_back
from .training import Distillation, fit_in_job
from .zeros import keep_zeros

if TYPE_CHECKING:
    from boildown import Artifact, Context, Distill, Warned
    from onnx import ModelProto
    from torch import fx


def distill(model: Artifact, step: Distill, context: Context) -> StepOutcome:
    """Train the student on what the teacher says of the train samples; the student ships.

    Raises UnsupportedError where student or teacher cannot be imported, takes fixed batches or
    other inputs than the source, or where no channels can be removed; DataError where there are
    no train samples, or labels are missing that `alpha` gives a share.
    """
    assert step.train is not None  # noqa: S101 - distilling always trains
    graph, teaching, _ = named_lesson(model, step, context)
    module = import_onnx(graph)
    warnings = _narrowed(module, graph, step.width) if step.width is not None else ()
    if step.start == "random":
        start_anew(module, context.seed)
    fitted = fit_in_job(
        module,
        graph,
        step.train,
        context,
        objective=Distillation(import_onnx(teaching), step),
        after_step=keep_zeros(module),
    )
    artifact = write_graph(write_back(graph, module), context, "student")
    return StepOutcome(artifact=artifact, epochs=fitted.epochs, warnings=warnings)


def _narrowed(module: fx.GraphModule, graph: ModelProto, width: float) -> tuple[Warned, ...]:
    """Keep this share of the channels, those of the greatest weights, and say where it is more."""
    from torch_pruning.pruner.importance import MagnitudeImportance

    from .channels import remove_channels

    removed = remove_channels(module, graph, ratio=1 - width, criterion=MagnitudeImportance(p=2))
    return warn_of_kept_channels(removed.skipped)
