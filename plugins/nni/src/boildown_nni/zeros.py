"""Zeros that an earlier step has made stay zeros while a network is trained further, and count."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

_LEAST = -1e9


def keep_zeros(module: nn.Module) -> Callable[[], None]:
    """Return what sets the weights that are 0 now to 0 again, to be called behind each update.

    Vectors (biases, batch norms) are left alone: their zeros are only where training begins.
    """
    masks = [
        (parameter, parameter != 0)
        for parameter in module.parameters()
        if parameter.dim() > 1 and bool((parameter == 0).any())
    ]

    def put_back() -> None:
        with torch.no_grad():
            for parameter, mask in masks:
                parameter.mul_(mask)

    return put_back


def score_zeros_least(module: nn.Module) -> None:
    """Let what is 0 already be what MovementPruner prunes first.

    It scores weights by how they move; those that do not move would rank in the middle.
    """
    with torch.no_grad():
        for wrapper in module.modules():
            score = getattr(wrapper, "weight_mvp_score", None)
            if score is None:
                continue
            weight: torch.Tensor = wrapper.weight  # type: ignore[assignment] # NNI moves it there
            zero = weight == 0
            if score.shape != zero.shape:
                zero = zero.flatten(1).all(1).reshape(score.shape)
            score.masked_fill_(zero, _LEAST)
