"""Feed calibration samples to ONNX Runtime's calibrators, a few at a time."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import onnx
from boildown import DataError, batches
from onnxruntime.quantization import CalibrationDataReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from boildown import Artifact, Context

_BATCH = 16


# The base class is untyped.
class Samples(CalibrationDataReader):  # type: ignore[misc]
    """The calibration split, batch by batch.

    With the option `CalibStridedMinMax` ONNX Runtime asks for ranges of batches and merges what
    it finds, so memory is bounded by one batch whatever the calibrator keeps.
    """

    def __init__(self, context: Context) -> None:
        """Open the calibration split of the context's data; DataError where there is none."""
        if context.data is None or "calibration" not in context.data.splits:
            raise DataError("static quantization needs calibration samples; give the run data")
        self._context = context
        self._data = context.data
        self._fixed = _fixed_batch(context.original)
        self._size = self._fixed or _BATCH
        self._length = -(-len(context.data.splits["calibration"]) // self._size)
        self._rest = self._all()
        self._batches: Iterator[dict[str, np.ndarray]] = self._rest

    def __len__(self) -> int:
        """Return the number of batches."""
        return self._length

    def set_range(self, start_index: int, end_index: int) -> None:
        """Give the batches `start_index` to `end_index` next; ONNX Runtime asks in order."""
        if start_index == 0:
            self._rest = self._all()
        self._batches = islice(self._rest, end_index - start_index)
        self._context.progress(start_index, self._length, "calibrating")

    def get_next(self) -> dict[str, np.ndarray] | None:
        """Return inputs by name, None behind the last batch."""
        return next(self._batches, None)

    def _all(self) -> Iterator[dict[str, np.ndarray]]:
        for batch in batches(self._data, "calibration", self._size):
            missing = self._size - len(next(iter(batch.inputs.values()))) if self._fixed else 0
            # Repeating a sample moves no minimum and no maximum, leaving samples out may.
            yield {
                name: np.concatenate([array, np.repeat(array[-1:], missing, axis=0)])
                for name, array in batch.inputs.items()
            }


def _fixed_batch(model: Artifact) -> int:
    """Return the batch size that the model is fixed to, 0 where it is open."""
    shapes = [value.type.tensor_type.shape.dim for value in onnx.load(model.path).graph.input]
    return next((int(shape[0].dim_value) for shape in shapes if shape), 0)
