"""Optimizers and learning rates by the recipe's names, with weight decay where it makes sense."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from boildown import Train

#: Decoupled decay for AdamW (its authors' and torch's default), an L2 term for SGD (that of
#: ResNet's authors). Adam takes none: there an L2 term is scaled away with the gradients
#: (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019).
DECAY = {"adamw": 1e-2, "sgd": 1e-4, "adam": 0.0}
MOMENTUM = 0.9


def make_optimizer(parameters: Iterable[nn.Parameter], settings: Train) -> torch.optim.Optimizer:
    """Return the optimizer that a recipe names; biases and norms (one axis) do not decay."""
    trained = list(parameters)
    groups = [
        {"params": [p for p in trained if p.dim() > 1], "weight_decay": DECAY[settings.optimizer]},
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


def learning_rate(step: int, steps: int, settings: Train) -> float:
    """Return the rate of optimizer step `step` (from 0) of `steps`.

    Cosine (Loshchilov and Hutter, "SGDR", 2017, without restarts) and linear fall from
    `settings.learning_rate` to nearly 0 at the last step; there is no warm-up.
    """
    done = step / steps
    match settings.schedule:
        case "constant":
            return settings.learning_rate
        case "cosine":
            return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * done))
        case "linear":
            return settings.learning_rate * (1 - done)
