"""Distilling by NNI: a student, named or narrower than the network, learns to imitate a teacher.

Soft targets as Hinton, Vinyals and Dean (2015) have them. NNI's temperature is always 2, so what it
compares are the scores times 2/T, and its loss is scaled to T² as in the paper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from boildown import StepOutcome, Warned, lesson, write_graph
from boildown_torch.importer import example_inputs, import_onnx, write_back
from boildown_torch.training import CrossEntropy, first_output, logits
from torch import Tensor, nn

from .evaluating import Judged, Training
from .fitting import run_in_job
from .toolkit import distillation, silently

if TYPE_CHECKING:
    from boildown import Artifact, Context, Distill
    from onnx import ModelProto

_TEMPERATURE = 2.0
_NOTHING_TO_ADAPT = Warned(
    code="NOTE",
    text="the scores of student and teacher have one width, so Adaptive1dLayerwise has nothing to"
    " adapt and trains as DynamicLayerwise does",
)


def distill(model: Artifact, step: Distill, context: Context) -> StepOutcome:
    """Train the student on what the teacher says of the train samples; the student ships.

    Raises UnsupportedError where student or teacher cannot be imported, takes fixed batches or
    other inputs than the source, or where no channels can be removed; DataError where there are
    no train samples, or labels are missing that `alpha` gives a share.
    """
    graph, teaching, warnings = lesson(model, step, context)
    with silently(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(context.seed)
        result, epochs = _taught(graph, teaching, step, context)
    artifact = write_graph(result, context, "student")
    if _distiller(context) == "Adaptive1dLayerwise":
        warnings = (*warnings, _NOTHING_TO_ADAPT)
    return StepOutcome(artifact=artifact, epochs=epochs, warnings=warnings)


def _distiller(context: Context) -> str:
    return str(context.settings.get("distiller", "DynamicLayerwise"))


class _Scores(nn.Module):
    """Scores at the recipe's temperature; what NNI compares."""

    def __init__(self, temperature: float) -> None:
        super().__init__()
        self._factor = _TEMPERATURE / temperature

    def forward(self, output: Tensor) -> Tensor:
        return logits(output) * self._factor


class _Heard(nn.Module):
    """A network whose scores are listened to on the side; it gives what it always gave."""

    def __init__(self, network: nn.Module, temperature: float) -> None:
        super().__init__()
        self.network, self.scores = network, _Scores(temperature)

    def forward(self, *inputs: Tensor) -> Any:
        output = self.network(*inputs)
        self.scores(first_output(output))
        return output


class _Unjudged(CrossEntropy):
    """No loss of its own, where soft targets alone count; so labels are not needed."""

    needs_labels = False

    def __call__(self, output: Tensor, inputs: tuple[Tensor, ...], labels: Tensor | None) -> Tensor:  # noqa: ARG002 - as an objective has it
        return logits(output).sum() * 0.0


def _taught(
    graph: ModelProto, teaching: ModelProto, step: Distill, context: Context
) -> tuple[ModelProto, int]:
    student, teacher = import_onnx(graph), import_onnx(teaching)
    pair = [_Heard(network, step.temperature).eval() for network in (student, teacher)]

    inner = _Unjudged() if step.alpha == 1 else CrossEntropy()
    training = Training(pair[0], run_in_job(graph, step.train, context), inner=inner)
    name = _distiller(context)
    entry = {
        "op_names": ["scores"],
        "lambda": step.alpha * (step.temperature / _TEMPERATURE) ** 2,
        "apply_method": "kl",
    }
    distiller = getattr(distillation, f"{name}Distiller")(
        pair[0], [entry], training.evaluator, pair[1], _listen, origin_loss_lambda=1 - step.alpha
    )
    if name == "Adaptive1dLayerwise":
        distiller.track_forward(*example_inputs(graph))
    distiller.compress(None, 1)
    distiller.unwrap_model()
    assert training.fitted is not None  # noqa: S101 - it has trained
    return write_back(graph, student), training.fitted.epochs


def _listen(batch: Judged, teacher: nn.Module) -> None:
    """Run the teacher on a batch; NNI hears what it says."""
    teacher(*batch.inputs)
