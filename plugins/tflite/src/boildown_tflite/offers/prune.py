"""What pruning the TensorFlow Lite backend offers, and why it refuses the rest."""

from __future__ import annotations

from typing import Any

from boildown import Offer, Range, Refusal

_BEFORE = ("prune", "distill")
_OPERATORS = ("Conv", "ConvTranspose", "Gemm", "MatMul")
#: TF Model Optimization's patterns run along the output channels of ConvTranspose.
_PATTERNED = ("Conv", "Gemm", "MatMul")
_SHARE: dict[str, Any] = {"sparsity": Range(minimum=0, maximum=1)}
_PATTERN: dict[str, Any] = {"structure": ("n:m",)}


def _offer(
    accepts: dict[str, Any],
    operators: tuple[str, ...] = _OPERATORS,
    **more: Any,
) -> Offer:
    return Offer(op="prune", accepts=accepts, after=_BEFORE, operators=operators, **more)


_LABELLED = ("train", "labels")
PRUNE_OFFERS = (
    _offer(_SHARE),
    _offer(_PATTERN, _PATTERNED),
    _offer(
        {**_SHARE, "schedule": ("one-shot", "linear", "cubic"), "train": (True,)},
        needs=_LABELLED,
    ),
    _offer({**_PATTERN, "train": (True,)}, _PATTERNED, needs=_LABELLED),
)
_ONLY_MAGNITUDE = "TF Model Optimization judges weights by their magnitude only"
PRUNE_REFUSALS = (
    *(
        Refusal(
            op="prune",
            setting="structure",
            value=value,
            reason="TF Model Optimization zeroes single weights or n of m, never whole parts of a"
            " layer",
        )
        for value in ("filter", "channel", "block")
    ),
    *(
        Refusal(op="prune", setting="criterion", value=value, reason=_ONLY_MAGNITUDE)
        for value in ("l2", "threshold", "fpgm", "taylor", "slim", "movement", "random")
    ),
    Refusal(
        op="prune",
        setting="scope",
        value="global",
        reason="TF Model Optimization prunes each layer by itself",
    ),
)
