"""The core's own runtime: an ONNX file in ONNX Runtime on the CPU.

Baselines and ONNX forms run in it; a backend whose deployable is ONNX may use it too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

#: ONNX Runtime's names of floating types that a float32 array may be turned into.
_FLOATS = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
}


class OnnxRuntime:
    """One loaded ONNX model (a `boildown.Runtime`).

    `batch` is the batch size that its graph fixes, None for any; `session` is the
    `onnxruntime.InferenceSession`.
    """

    def __init__(self, path: Path, threads: int = 1) -> None:
        """Load the file with `threads` threads and all of ONNX Runtime's optimizations.

        Raises what ONNX Runtime raises where it cannot load the file.
        """
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Threads that wait by spinning spend CPU time that belongs to no inference, and on a
        # busy computer slow each other down by an order of magnitude.
        for pool in ("intra_op", "inter_op"):
            options.add_session_config_entry(f"session.{pool}.allow_spinning", "0")
        self.session: Any = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        ports = self.session.get_inputs()
        self._types: dict[str, str] = {port.name: port.type for port in ports}
        self._outputs: list[str] = [port.name for port in self.session.get_outputs()]
        first = ports[0].shape[:1] if ports else []
        self.batch: int | None = first[0] if first and isinstance(first[0], int) else None

    def run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return all outputs by name; floats are given the width that the graph asks for.

        Raises DataError if an input is missing or unknown.
        """
        if inputs.keys() != self._types.keys():
            raise DataError(
                f"the model has the inputs {sorted(self._types)}, but got {sorted(inputs)}"
            )
        fed = {name: self._fitted(name, array) for name, array in inputs.items()}
        return dict(zip(self._outputs, self.session.run(None, fed), strict=True))

    def _fitted(self, name: str, array: np.ndarray) -> np.ndarray:
        wanted = _FLOATS.get(self._types[name])
        if wanted is None or not np.issubdtype(array.dtype, np.floating):
            return array
        return array.astype(wanted, copy=False)
