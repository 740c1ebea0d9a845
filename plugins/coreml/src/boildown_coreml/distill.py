"""Distilling in PyTorch: a student, named or narrower than the network, imitates a teacher.

The losses are those of `boildown_torch.training.Distillation` (Hinton, Vinyals and Dean, 2015;
hints: Romero and others, 2014). The student stays ONNX, which the next step or `deploy` converts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import StepOutcome, lesson, write_graph
from boildown_torch.importer import import_onnx, write_back
from boildown_torch.training import Distillation, fit_in_job

if TYPE_CHECKING:
    from boildown import Artifact, Context, Distill


def distill(model: Artifact, step: Distill, context: Context) -> StepOutcome:
    """Train the student on what the teacher says of the train samples; the student ships.

    Raises UnsupportedError where student or teacher cannot be imported, takes fixed batches or
    other inputs than the source, or where no channels can be removed; DataError where there are
    no train samples, or labels are missing that `alpha` gives a share.
    """
    assert step.train is not None  # noqa: S101 - distilling always trains
    graph, teaching, warnings = lesson(model, step, context)
    student = import_onnx(graph)
    objective = Distillation(import_onnx(teaching), step)
    fitted = fit_in_job(student, graph, step.train, context, objective=objective)
    artifact = write_graph(write_back(graph, student), context, "student")
    return StepOutcome(artifact=artifact, epochs=fitted.epochs, warnings=warnings)
