"""Which file ships: ONNX, ExecuTorch's `.pte` or PyTorch's `.pt2`, and what each cannot hold.

Nothing here imports PyTorch: a format that cannot be is refused before any work is done.
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
#: Settings of an operation that has none but the format.
FORMAT_ALONE: dict[str, Any] = {
    "type": "object",
    "properties": {"format": FORMAT_SCHEMA},
    "additionalProperties": False,
}
_REAL = ("float32",)


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

    Raises UnsupportedError, before `run` is called, where the format cannot hold the result.
    """
    refuse_missing(context)
    form = format_of(context)
    if reason := _obstacle(step, form):
        raise UnsupportedError(f"format {form!r}: {reason}")
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


def _obstacle(step: Step, form: str) -> str:
    """Return why a format cannot hold what a step makes; empty: it can."""
    if not isinstance(step, Quantize) or step.activations in _REAL or form == FORMATS[0]:
        return ""
    if form == "pt2":
        return (
            "an exported program of PyTorch keeps its numbers in float32 beside the codes, so that"
            " the file would be larger than the float one; ship int8 as 'onnx' or 'pte'"
        )
    if step.activations == "dynamic":
        return (
            "XNNPACK finds the ranges of dynamic int8 for each row, which no operator of ONNX"
            " does, so that the result could not be checked; quantize statically, or ship 'onnx'"
        )
    return ""


def _is_packed(step: Step) -> bool:
    """Tell whether a step makes the ONNX file smaller by how it stores weights, and only so."""
    if isinstance(step, Quantize):
        return step.activations in _REAL
    if isinstance(step, Prune):
        return step.structure != "channel"
    return isinstance(step, Cluster)
