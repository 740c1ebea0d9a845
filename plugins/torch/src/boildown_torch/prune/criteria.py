"""The criteria of torch-pruning for groups of channels, by the recipe's names.

Each scores all members of a group (the layers that put a channel out or take it in), divides by
the mean of the group and takes the mean of the members, so that groups can be compared. FPGM
measures distances between squared weights, as torch-pruning does; `taylor` needs gradients in the
parameters, `random` the seed of torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch_pruning.pruner import importance

if TYPE_CHECKING:
    from ..channels.removing import Criterion


def criterion_of(name: str) -> Criterion:
    """Return what scores channels by this criterion; None as score of a group without norms."""
    found: Criterion
    match name:
        case "magnitude":
            found = importance.MagnitudeImportance(p=1)
        case "l2":
            found = importance.MagnitudeImportance(p=2)
        case "fpgm":
            found = importance.FPGMImportance()
        case "slim":
            found = importance.BNScaleImportance()
        case "taylor":
            found = importance.TaylorImportance()
        case _:
            found = importance.RandomImportance()
    return found
