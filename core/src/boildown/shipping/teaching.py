"""Who learns from whom in a distill step: graphs that take and give what the source does."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..narrowing.fresh import start_anew
from ..narrowing.narrow import narrow
from ..plugins.kept import warn_of_kept_channels
from .alike import named_graph
from .batch import refuse_fixed_batch
from .files import read_graph

if TYPE_CHECKING:
    from onnx import ModelProto

    from ..artifact import Artifact
    from ..plugins.values import Context, Warned
    from ..recipe.steps import Distill


class Lesson(NamedTuple):
    """Student and teacher as ONNX graphs, and what a reader must know of the student."""

    student: ModelProto
    teacher: ModelProto
    warnings: tuple[Warned, ...] = ()


def named_lesson(model: Artifact, step: Distill, context: Context) -> Lesson:
    """Return the two networks that a step names, as they come: `model` learns where none is.

    Raises UnsupportedError where one takes fixed batches, or other inputs than the source.
    """
    source = read_graph(context.original)
    student = (
        read_graph(model) if step.student is None else named_graph(step.student, source, context)
    )
    teacher = source if step.teacher == "original" else named_graph(step.teacher, source, context)
    refuse_fixed_batch(student)
    refuse_fixed_batch(teacher)
    return Lesson(student, teacher)


def lesson(model: Artifact, step: Distill, context: Context) -> Lesson:
    """Return the two networks with the student as narrow and as fresh as the step says.

    Raises what `named_lesson` raises, and UnsupportedError where no channels can be removed.
    """
    student, teacher, warnings = named_lesson(model, step, context)
    if step.width is not None:
        narrower = narrow(student, step.width)
        student = narrower.model
        warnings = warn_of_kept_channels(narrower.kept_all, narrower.kept_more)
    if step.start == "random":
        student = start_anew(student, context.seed)
    return Lesson(student, teacher, warnings)
