"""Whose layers a chain carries along: the source's, or behind a named student the student's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ..artifact import Artifact
from ..recipe.steps import Distill, Step

if TYPE_CHECKING:
    from .values import ModelEntry


def carried(
    steps: Sequence[Step], original: Artifact, models: Mapping[str, ModelEntry]
) -> Artifact:
    """Return the normalised ONNX file whose layers a model has behind these steps.

    It is the last student that a step names by URI, which takes the place of the source; a
    narrower student of the same graph keeps the source's layers.
    """
    for step in reversed(steps):
        if isinstance(step, Distill) and step.student is not None:
            return Artifact(path=models[step.student].path)
    return original
