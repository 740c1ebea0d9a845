"""Optimizers by the recipe's names, with weight decay where it makes sense."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from boildown import MOMENTUM, WEIGHT_DECAY
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from boildown import Train


def make_optimizer(parameters: Iterable[nn.Parameter], settings: Train) -> torch.optim.Optimizer:
    """Return the optimizer that a recipe names; biases and norms (one axis) do not decay."""
    trained, decay = list(parameters), WEIGHT_DECAY[settings.optimizer]
    groups = [
        {"params": [p for p in trained if p.dim() > 1], "weight_decay": decay},
        {"params": [p for p in trained if p.dim() <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    rate = settings.learning_rate
    match settings.optimizer:
        case "adamw":
            return torch.optim.AdamW(groups, lr=rate)
        case "adam":
            return torch.optim.Adam(groups, lr=rate)
        case "sgd":
            return torch.optim.SGD(groups, lr=rate, momentum=MOMENTUM, nesterov=True)
