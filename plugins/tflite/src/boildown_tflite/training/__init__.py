"""Train a Keras model on boildown's data: the one loop behind every step that trains here."""

from .distillation import Distillation
from .loop import fit
from .objectives import CrossEntropy, Objective
from .zeros import keep_zeros

__all__ = ["CrossEntropy", "Distillation", "Objective", "fit", "keep_zeros"]
