"""What an optimizer's name in a recipe means in every toolkit: rate, decay and momentum."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..recipe.steps import Train

#: Decoupled decay for AdamW (its authors' and torch's default), an L2 term for SGD (that of
#: ResNet's authors). Adam takes none: there an L2 term is scaled away with the gradients
#: (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019). Biases and norms (one
#: axis) do not decay.
WEIGHT_DECAY = {"adamw": 1e-2, "sgd": 1e-4, "adam": 0.0}
#: Of SGD, Nesterov's.
MOMENTUM = 0.9


def learning_rate_at(step: int, steps: int, settings: Train) -> float:
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
