"""How sparsity grows while a network trains."""

from __future__ import annotations

from typing import Literal


def sparsity_at(
    step: int,
    *,
    final: float,
    schedule: Literal["one-shot", "linear", "cubic"],
    steps: int,
    initial: float = 0.0,
) -> float:
    """Return the sparsity, a fraction, that holds from optimizer step `step` (from 0) on.

    `steps` is the length of the ramp: `final` is reached at that step and kept. Cubic removes
    fast while weights are many and slowly towards the end: Zhu and Gupta, "To prune, or not to
    prune", 2017, equation 1. One-shot is at `final` from the beginning.
    """
    if schedule == "one-shot" or step >= steps:
        return final
    left = 1 - max(step, 0) / steps
    return final + (initial - final) * (left if schedule == "linear" else left**3)
