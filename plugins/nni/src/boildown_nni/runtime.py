"""Run a deployable in ONNX Runtime on this computer's CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

# Whoever measures imports this module first, so that loading is the model's time alone.
import onnxruntime  # noqa: F401
from boildown import OnnxRuntime

if TYPE_CHECKING:
    from boildown import Artifact, Context, Runtime


def open_runtime(deployable: Artifact, context: Context) -> Runtime:
    """Load `deployable` with `context.threads` threads."""
    return OnnxRuntime(deployable.path, context.threads)
