"""Native runtime against ONNX form on the same inputs: do both files hold the same network?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..comparison.schema import Parity
from ..errors import DataError
from ..plugins.values import CLASSIFICATION
from .fidelity import agreement, open_output, slices

if TYPE_CHECKING:
    from .requests import Outputs

SAME_FILE = Parity(
    max_abs_difference=None,
    top1_agreement=None,
    reason="the deployable is its own ONNX form: one file, nothing to compare",
)


def parity(native: Outputs, onnx: Outputs, *, task: str = CLASSIFICATION) -> Parity:
    """Compare the samples that both have: outputs of the shorter are the first of the longer.

    Raises DataError where the outputs have different shapes.
    """
    n = min(native.n, onnx.n)
    largest, finite, same = 0.0, True, None
    for index in range(len(native.names)):
        ours, theirs = open_output(native, index)[:n], open_output(onnx, index)[:n]
        if ours.shape != theirs.shape:
            raise DataError(
                f"native outputs have shape {ours.shape}, those of the ONNX form {theirs.shape}: "
                f"the ONNX form is another network"
            )
        distance, numbers = _largest_distance(ours, theirs)
        largest, finite = max(largest, distance), finite and numbers
    if task == CLASSIFICATION:
        same = agreement(open_output(native)[:n], open_output(onnx)[:n])
    return Parity(
        max_abs_difference=largest if finite else None,
        top1_agreement=same,
        n=n,
        reason="" if finite else "one of the two gives NaN or infinity where the other does not",
    )


def _largest_distance(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, bool]:
    """Return the largest distance of two numbers, and whether all distances are numbers."""
    largest, finite = 0.0, True
    for mine, other in slices(ours, theirs):
        distance = np.abs(mine.astype(np.float64) - other)
        # Both NaN, or the same infinity, is no difference; NaN against a number is.
        distance[(mine == other) | (np.isnan(mine) & np.isnan(other))] = 0
        finite = finite and bool(np.isfinite(distance).all())
        largest = max(largest, float(distance.max(initial=0, where=np.isfinite(distance))))
    return largest, finite
