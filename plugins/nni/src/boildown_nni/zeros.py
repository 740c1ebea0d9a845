"""Zeros that an earlier step has made stay zeros while a network is trained further."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn


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
