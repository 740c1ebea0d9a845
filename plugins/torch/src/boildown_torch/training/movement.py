"""Scores of weights by where training moves them, for `criterion: movement`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Mapping


class MovementScores:
    """Movement of weights towards or away from zero, added up over training.

    A step of gradient descent moves a weight away from zero where gradient and weight differ in
    sign, so the score is minus the sum of their products; small scores go first. Sanh, Wolf and
    Rush, "Movement pruning", 2020, with a hard mask on the accumulated scores.
    """

    def __init__(self, weights: Mapping[str, nn.Parameter]) -> None:
        """Score these weights, by any names."""
        self._weights = dict(weights)
        self.scores: dict[str, Tensor] = {
            name: torch.zeros_like(weight) for name, weight in self._weights.items()
        }

    @torch.no_grad()
    def accumulate(self, _step: int) -> None:
        """Add the gradients of one batch; give it to `fit` as `after_backward`."""
        for name, weight in self._weights.items():
            if weight.grad is not None:
                self.scores[name].addcmul_(weight, weight.grad, value=-1)
