"""Show a prepared network the calibration samples, a few at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from boildown import calibration_batches

if TYPE_CHECKING:
    from boildown import Context
    from onnx import ModelProto
    from torch import nn

_BATCH = 16


def calibrate(module: nn.Module, source: ModelProto, context: Context) -> None:
    """Run the module on every calibration sample; DataError where there are none."""
    names = [item.name for item in source.graph.input]
    with torch.no_grad():
        for inputs in calibration_batches(context, _BATCH):
            module(*(torch.from_numpy(inputs[name]) for name in names))
