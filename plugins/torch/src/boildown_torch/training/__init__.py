"""Train any torch module on boildown's data: the one loop behind every step that trains.

Public, for other plugins as well: `fit` trains, `fit_in_job` as a job says, and an `Objective` says
towards what; `Feed`, `first_output` and `logits` are for loops of a plugin's own. The order of work
in a step of `fit` is forward, loss, backward, `after_backward`, optimizer, `after_step`.
"""

from .distillation import Distillation
from .feeding import Feed, first_output
from .job import fit_in_job
from .loop import fit
from .movement import MovementScores
from .objectives import CrossEntropy, Objective, logits

__all__ = [
    "CrossEntropy",
    "Distillation",
    "Feed",
    "MovementScores",
    "Objective",
    "first_output",
    "fit",
    "fit_in_job",
    "logits",
]
