"""The door to TF Model Optimization's pruning: its wrapper, and its masks without training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .optimization import tfmot

if TYPE_CHECKING:
    from .keras import tf_keras

_SPARSITY = tfmot.sparsity.keras
ConstantSparsity = _SPARSITY.ConstantSparsity
PolynomialDecay = _SPARSITY.PolynomialDecay
PruningSchedule = _SPARSITY.PruningSchedule
UpdatePruningStep = _SPARSITY.UpdatePruningStep
prune_low_magnitude = _SPARSITY.prune_low_magnitude
strip_pruning = _SPARSITY.strip_pruning

__all__ = [
    "ConstantSparsity",
    "PolynomialDecay",
    "PruningSchedule",
    "UpdatePruningStep",
    "mask_at_once",
    "prune_low_magnitude",
    "strip_pruning",
]


def mask_at_once(model: tf_keras.Model) -> None:
    """Make the masks of a wrapped model and put them on, as its first training step would."""
    watcher = UpdatePruningStep()
    watcher.set_model(model)
    watcher.on_train_begin()
    for layer in watcher.prunable_layers:
        layer.pruning_step.assign(1)
        layer.pruning_obj.conditional_mask_update()
    watcher.on_epoch_end(0)
