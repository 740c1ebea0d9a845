"""Distilling: a student, named or narrower than the network, learns to imitate a teacher."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import StepOutcome, lesson, write_graph

from .fitting import fit_in_job
from .importer import import_onnx, write_back
from .training import Distillation, keep_zeros

if TYPE_CHECKING:
    from boildown import Artifact, Context, Distill


def distill(model: Artifact, step: Distill, context: Context) -> StepOutcome:
    """Train the student on what the teacher says of the train samples; the student ships.

    Raises UnsupportedError where student or teacher cannot be imported, takes fixed batches or
    other inputs than the source, or where no channels can be removed; DataError where there are no
    train samples, or labels are missing that `alpha` gives a share.
    """
    assert step.train is not None  # noqa: S101 - distilling always trains
    graph, teaching, warnings = lesson(model, step, context)
    student, teacher = import_onnx(graph), import_onnx(teaching)
    fitted = fit_in_job(
        student.model,
        graph,
        step.train,
        context,
        objective=Distillation(teacher.model, step),
        after_step=keep_zeros(student.model),
    )
    artifact = write_graph(write_back(graph, student), context, "student")
    return StepOutcome(artifact=artifact, epochs=fitted.epochs, warnings=warnings)
