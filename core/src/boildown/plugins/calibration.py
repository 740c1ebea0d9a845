"""The calibration samples as a step shows them to a network: every one, in batches it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnx

from ..data.batches import batches, filled
from ..errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np

    from ..data.manifest import Batch
    from .values import Context


def calibration_batches(context: Context, size: int) -> Iterator[dict[str, np.ndarray]]:
    """Yield the inputs of the calibration split by the model's names, and report progress.

    `size` samples a batch, the last with what is left; of a network whose batch is fixed that
    many in each, the last sample being repeated: that moves no minimum and no maximum, while
    leaving samples out may. Raises DataError where the run has no calibration samples.
    """
    data = context.data
    if data is None or "calibration" not in data.splits:
        raise DataError("static quantization needs calibration samples; give the run data")
    fixed, total = _fixed_batch(context), len(data.splits["calibration"])
    size = fixed or size
    return _shown(context, batches(data, "calibration", size), fixed, size=size, total=total)


def _shown(
    context: Context, reading: Iterator[Batch], fixed: int, *, size: int, total: int
) -> Iterator[dict[str, np.ndarray]]:
    for number, batch in enumerate(reading):
        context.progress(min(number * size, total), total, "calibrating")
        yield {name: filled(array, fixed) for name, array in batch.inputs.items()}
    context.progress(total, total, "calibrating")


def _fixed_batch(context: Context) -> int:
    """Return the batch size that the network is fixed to, 0 where it is open."""
    graph = onnx.load(context.network.path, load_external_data=False).graph
    shapes = (port.type.tensor_type.shape.dim for port in graph.input)
    return next((int(shape[0].dim_value) for shape in shapes if shape), 0)
