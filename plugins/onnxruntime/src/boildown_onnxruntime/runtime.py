"""Run a deployable in ONNX Runtime on this computer's CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnxruntime

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from boildown import Artifact, Context

_ERRORS_ONLY = 3


def session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """Open a model with all of ONNX Runtime's optimizations.

    Idle threads sleep instead of spinning: CPU time is what is compared, and threads that spin
    while another process holds the core have faked slowdowns of up to 25 times.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class OnnxRuntime:
    """A loaded model (a `boildown.Runtime`)."""

    def __init__(self, deployable: Artifact, context: Context) -> None:
        """Load `deployable` with `context.threads` threads."""
        self._session = session(deployable.path, context.threads)
        self._outputs = [output.name for output in self._session.get_outputs()]

    def run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the outputs by name."""
        return dict(zip(self._outputs, self._session.run(self._outputs, inputs), strict=True))
