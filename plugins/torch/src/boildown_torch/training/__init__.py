"""Train any torch module on boildown's data: the one loop behind every step that trains.

Public, for other plugins as well: `fit` trains, an `Objective` says towards what, and
`sparsity_at` says how much is pruned when. The order of work in a step of `fit` is forward,
loss, backward, `after_backward`, optimizer, `after_step`.
"""

from .distillation import Distillation
from .fitted import DivergedError, Epoch, Fitted
from .held_out import steps_per_epoch
from .loop import fit
from .movement import MovementScores
from .objectives import CrossEntropy, Objective
from .ramp import sparsity_at

__all__ = [
    "CrossEntropy",
    "Distillation",
    "DivergedError",
    "Epoch",
    "Fitted",
    "MovementScores",
    "Objective",
    "fit",
    "sparsity_at",
    "steps_per_epoch",
]
