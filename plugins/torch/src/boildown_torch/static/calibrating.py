"""Show a prepared network the calibration samples, a few at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from boildown import DataError, batches

if TYPE_CHECKING:
    from boildown import Context
    from onnx import ModelProto
    from torch import nn

_BATCH = 16


def calibrate(module: nn.Module, source: ModelProto, context: Context) -> None:
    """Run the module on every calibration sample; DataError where there are none.

    A network of a fixed batch sees some samples twice rather than miss any.
    """
    if context.data is None or "calibration" not in context.data.splits:
        raise DataError("static quantization needs calibration samples; give the run data")
    names = [item.name for item in source.graph.input]
    fixed = source.graph.input[0].type.tensor_type.shape.dim[0].dim_value
    size, total = fixed or _BATCH, len(context.data.splits["calibration"])
    with torch.no_grad():
        for number, batch in enumerate(batches(context.data, "calibration", size)):
            context.progress(min(number * size, total), total, "calibrating")
            arrays = [_filled(batch.inputs[name], fixed) for name in names]
            module(*(torch.from_numpy(array) for array in arrays))


def _filled(array: np.ndarray, size: int) -> np.ndarray:
    missing = max(size - len(array), 0)
    whole: np.ndarray = np.concatenate([array, np.repeat(array[-1:], missing, axis=0)])
    return whole
