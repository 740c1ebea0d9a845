"""What training adds to the offers where boildown-torch is installed, and why not where it isn't.

A step with `train` comes first: it works on plain numbers, which no saved program has any more.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from typing import Any

from boildown import Offer, Range, Refusal, distilling_offers

from .prune import NO_ZEROS
from .quantize import NO_CODES

#: What imports and trains networks in PyTorch.
TRAINER = "boildown-torch"
_LABELLED = ("train", "labels")
#: Layers that coremltools trains: they become convolutions and linear layers of PyTorch.
_OPERATORS = ("Conv", "Gemm", "MatMul")
_TRAINED: dict[str, Any] = {"train": (True,)}
_WEIGHTS: dict[str, Any] = {
    "weights": ("int8", "int4"),
    "granularity": (None, "tensor", "channel"),
    "symmetric": (None, True),
    **_TRAINED,
}
_NO_GRID = {
    "mlmodel": "coremltools trains for the codes of an ML Program, which an mlmodel has not; ship"
    " an mlpackage"
}


def _offer(op: Any, accepts: dict[str, Any], **more: Any) -> Offer:
    return Offer(op=op, accepts=accepts, needs=_LABELLED, after=(), operators=_OPERATORS, **more)


TRAINING_OFFERS = (
    _offer("quantize", {**_WEIGHTS, "activations": ("int8",)}, unfit_formats=NO_CODES),
    _offer("quantize", {**_WEIGHTS, "activations": ("float32", "float16")}, unfit_formats=_NO_GRID),
    _offer("cluster", {"bits": (1, 2, 3, 4, 6, 8), "granularity": (None, "tensor"), **_TRAINED}),
    _offer(
        "cluster",
        {"bits": (1, 2, 3, 4), "granularity": ("channel",), **_TRAINED},
        unfit_formats={"mlmodel": "a neural network has one table a layer; ship an mlpackage"},
    ),
    _offer(
        "prune",
        {
            "sparsity": Range(minimum=0, maximum=1),
            "structure": ("element", "filter"),
            "schedule": ("one-shot", "linear", "cubic"),
            **_TRAINED,
        },
        unfit_formats=NO_ZEROS,
    ),
    _offer("prune", {"structure": ("n:m",), **_TRAINED}, unfit_formats=NO_ZEROS),
    *distilling_offers(hints=(False, True)),
)


def can_train() -> bool:
    """Tell whether boildown-torch is installed, without importing it."""
    try:
        distribution(TRAINER)
    except PackageNotFoundError:
        return False
    return True


def _untrained(why: str) -> tuple[Refusal, ...]:
    return tuple(
        Refusal(op=op, setting="train", value=True, reason=f"training {why}")
        for op in ("quantize", "cluster", "prune")
    )


_NEEDS = f"needs {TRAINER}; `pip install 'boildown-coreml[train]'`"
#: Where it is not installed.
NO_TRAINING_REFUSALS = (
    *_untrained(_NEEDS),
    Refusal(op="distill", reason=f"distilling trains, which {_NEEDS}"),
)
