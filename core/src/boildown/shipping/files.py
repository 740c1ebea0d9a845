"""How a step whose format is ONNX takes its model and hands the result on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx

from ..artifact import Artifact
from ..plugins.values import StepOutcome, Warned

if TYPE_CHECKING:
    from pathlib import Path

    from onnx import ModelProto

    from ..plugins.values import Context


def read_graph(artifact: Artifact) -> ModelProto:
    """Read a normalised model; whatever is done to it afterwards leaves the file alone."""
    return onnx.load(artifact.path)


def write_graph(model: ModelProto, context: Context, name: str) -> Artifact:
    """Write the model to `<name>.onnx` in the step's own folder."""
    path: Path = context.workdir / f"{name}.onnx"
    onnx.save(model, path)
    return Artifact(path=path)


def unchanged(model: Artifact, context: Context, reason: str) -> StepOutcome:
    """Hand on a copy of an ONNX file in which a step finds nothing to do, and say why."""
    path: Path = context.workdir / "unchanged.onnx"
    path.write_bytes(model.path.read_bytes())
    warning = Warned(code="NOTE", text=f"{reason}: there is nothing to do")
    return StepOutcome(artifact=Artifact(path=path), warnings=(warning,))
