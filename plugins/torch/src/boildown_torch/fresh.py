"""Forget what a network has learnt: weights drawn anew, statistics of batch norms reset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from torch import fx

_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)


def start_anew(module: fx.GraphModule, seed: int) -> None:
    """Draw the weights of all layers anew, in place; the same seed draws the same numbers.

    Convolutions as He and others (2015) draw them for rectifiers, without which deep networks
    that have no batch norms do not begin to learn; other layers as PyTorch does by default.
    Constants outside of layers (positions, layer scales) stay, and so do weights that the graph
    computes from constants.
    """
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        for part in module.modules():
            weight = getattr(part, "weight", None)
            if isinstance(weight, nn.Parameter) and not weight.requires_grad:
                continue  # computed from other constants, so it could not be written back
            if isinstance(part, _CONVOLUTIONS):
                nn.init.kaiming_normal_(part.weight, nonlinearity="relu")
                if part.bias is not None:
                    nn.init.zeros_(part.bias)
            elif callable(reset := getattr(part, "reset_parameters", None)):
                reset()
