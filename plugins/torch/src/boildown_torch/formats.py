"""Which file ships: ONNX, ExecuTorch's `.pte` or PyTorch's `.pt2`.

What a format cannot hold at all is a gap of the offers (`Offer.unfit_formats`); nothing here
imports PyTorch, so that what is missing is told before any work is done.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

from boildown import Cluster, Prune, Quantize, UnsupportedError, Warned

if TYPE_CHECKING:
    from collections.abc import Callable

    from boildown import Artifact, Context, Step, StepOutcome

#: The default first.
FORMATS = ("onnx", "pte", "pt2")
RUNTIMES = {"onnx": "ONNX Runtime", "pte": "ExecuTorch", "pt2": "PyTorch"}
#: JSON schema of the setting `format`, the same in every operation.
FORMAT_SCHEMA: dict[str, Any] = {
    "enum": list(FORMATS),
    "description": "Which file ships: for ONNX Runtime, ExecuTorch (XNNPACK) or PyTorch.",
}


def format_of(context: Context) -> str:
    """Return which file the job ships."""
    return str(context.settings.get("format", FORMATS[0]))


def carry(
    run: Callable[[Artifact, Any, Context], StepOutcome],
    model: Artifact,
    step: Step,
    context: Context,
) -> StepOutcome:
    """Carry out a step with `run`, and warn where the file that ships loses what it gains.

    Raises UnsupportedError, before `run` is called, where ExecuTorch is needed and missing.
    """
    refuse_missing(context)
    form = format_of(context)
    outcome = run(model, step, context)
    if form == FORMATS[0] or not _is_packed(step):
        return outcome
    note = Warned(
        code="NOTE",
        text=f"a .{form} file has no packed form: {step.op} ships its weights as plain float32,"
        " so the file is as large as the float one (deflated, it is smaller); ship ONNX for a"
        " file that is small itself",
    )
    return outcome.model_copy(update={"warnings": (*outcome.warnings, note)})


def refuse_missing(context: Context) -> None:
    """Raise UnsupportedError, saying what to install, where ExecuTorch is needed and missing."""
    if format_of(context) == "pte" and importlib.util.find_spec("executorch") is None:
        raise UnsupportedError(
            "format 'pte' needs ExecuTorch, which is not installed;"
            " try `pip install 'boildown-torch[executorch]'`"
        )


def _is_packed(step: Step) -> bool:
    """Tell whether a step makes the ONNX file smaller by how it stores weights, and only so."""
    if isinstance(step, Quantize):
        return step.activations == "float32"
    if isinstance(step, Prune):
        return step.structure != "channel"
    return isinstance(step, Cluster)
