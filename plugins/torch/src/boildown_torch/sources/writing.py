"""Write a network as the ONNX file that boildown begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from boildown import UnsupportedError

from ..quiet import quietly

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

_OPSET = 17
#: One sample would be taken for a fixed batch in some networks.
_SAMPLES = 2


def write_onnx(module: nn.Module, shape: tuple[int, ...], path: Path) -> None:
    """Export a network with batch norms as they are and an open batch.

    `shape` is that of one sample. Batch norms that are not folded can be trained and pruned, and
    PyTorch's newer exporter folds all of them. Raises UnsupportedError where it cannot be
    exported.
    """
    try:
        with quietly(), torch.no_grad():
            torch.onnx.export(
                module.eval(),
                (torch.zeros(_SAMPLES, *shape),),
                path,
                dynamo=False,
                opset_version=_OPSET,
                training=torch.onnx.TrainingMode.PRESERVE,
                do_constant_folding=False,
                input_names=["input"],
                output_names=["output"],
                dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}},
            )
    except Exception as error:
        why = " ".join(str(error).split())[:400]
        raise UnsupportedError(
            f"PyTorch cannot write the network as ONNX for inputs of {'×'.join(map(str, shape))}"
            f" ({type(error).__name__}: {why})"
        ) from error
