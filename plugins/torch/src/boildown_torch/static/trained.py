"""Quantization-aware training by PT2E: rounding is imitated while the network is trained.

Jacob and others, 2018: batch norms are folded with the statistics of the batch, ranges follow by
moving averages, and gradients go straight through the rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import refuse_fixed_batch
from torchao.quantization.pt2e import (
    disable_observer,
    enable_observer,
    move_exported_model_to_eval,
    move_exported_model_to_train,
)
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_qat_pt2e

from ..quiet import quietly
from ..training import fit_in_job
from ..zeros import keep_zeros
from .exporting import exported

if TYPE_CHECKING:
    from boildown import Context, Train
    from onnx import ModelProto
    from torch import nn
    from torchao.quantization.pt2e.quantizer import Quantizer


def trained(
    module: nn.Module,
    source: ModelProto,
    quantizer: Quantizer,
    settings: Train,
    context: Context,
) -> tuple[nn.Module, int]:
    """Return the converted network and how many epochs it was trained.

    Raises UnsupportedError where the batch is fixed, DataError where there are no labelled train
    samples, and DivergedError.
    """
    refuse_fixed_batch(source)
    with quietly():
        prepared = prepare_qat_pt2e(exported(module.train(), source), quantizer)
        fitted = fit_in_job(
            prepared, source, settings, context, mode=switch, after_step=keep_zeros(prepared)
        )
        return convert_pt2e(prepared), fitted.epochs


def switch(module: nn.Module, training: bool) -> None:  # noqa: FBT001 - as torch's own
    """Switch an exported module, whose own `train()` raises.

    Ranges follow what training sees alone: samples that are held out only judge.
    """
    (move_exported_model_to_train if training else move_exported_model_to_eval)(module)
    module.apply(enable_observer if training else disable_observer)
