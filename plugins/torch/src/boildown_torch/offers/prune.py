"""What pruning the PyTorch backend offers, and why it refuses the rest."""

from __future__ import annotations

from typing import Any

from boildown import Offer, Range, Refusal

_SHARE = Range(minimum=0, maximum=1)
_BEFORE = ("prune", "distill")
_LABELLED = ("train", "labels")
#: Layers whose weights are one parameter each while training.
LAYERS = ("Conv", "ConvTranspose", "Gemm", "MatMul")
_PLAIN = ("magnitude", "l2", "random")

#: What zeroing needs no data for; each is offered with training behind it as well.
_ZEROS: tuple[dict[str, Any], ...] = (
    {
        "sparsity": _SHARE,
        "structure": ("element", "filter"),
        "scope": ("local", "global"),
        "criterion": _PLAIN,
    },
    {
        "sparsity": _SHARE,
        "structure": ("filter",),
        "scope": ("local", "global"),
        "criterion": ("fpgm",),
    },
    {"structure": ("n:m",), "criterion": _PLAIN},
    {"threshold": Range(minimum=0), "criterion": ("threshold",)},
)
_SLIM: dict[str, Any] = {
    "sparsity": _SHARE,
    "structure": ("filter",),
    "scope": ("local", "global"),
    "criterion": ("slim",),
}
_CHANNEL: dict[str, Any] = {
    "sparsity": _SHARE,
    "structure": ("channel",),
    "scope": ("local", "global"),
}
_TRAINED: dict[str, Any] = {"train": (True,)}


def _trained(
    accepts: dict[str, Any],
    **more: Any,  # noqa: ANN401 - settings that an offer accepts
) -> Offer:
    operators = more.pop("operators", None)
    return Offer(
        op="prune",
        accepts={**accepts, **_TRAINED, **more},
        needs=_LABELLED,
        after=_BEFORE,
        operators=operators,
    )


PRUNE_OFFERS = (
    *(Offer(op="prune", accepts=accepts, after=_BEFORE) for accepts in _ZEROS),
    Offer(op="prune", accepts=_SLIM, after=_BEFORE, operators=LAYERS),
    *(_trained(accepts) for accepts in _ZEROS),
    _trained(_SLIM, operators=LAYERS),
    _trained(
        _ZEROS[0],
        criterion=("magnitude", "l2", "random", "taylor", "movement"),
        schedule=("linear", "cubic"),
        operators=LAYERS,
    ),
    _trained(_ZEROS[0], criterion=("taylor",), train=(True, None), operators=LAYERS),
    Offer(
        op="prune",
        accepts={**_CHANNEL, "criterion": ("magnitude", "l2", "fpgm", "slim", "random")},
        after=_BEFORE,
        operators=LAYERS,
    ),
    _trained(
        _CHANNEL,
        criterion=("magnitude", "l2", "fpgm", "slim", "random", "taylor"),
        schedule=("one-shot", "linear", "cubic"),
        operators=LAYERS,
    ),
    Offer(
        op="prune",
        accepts={**_CHANNEL, "criterion": ("taylor",)},
        needs=_LABELLED,
        after=_BEFORE,
        operators=LAYERS,
    ),
)
PRUNE_REFUSALS = (
    Refusal(
        op="prune",
        setting="structure",
        value="block",
        reason="PyTorch's pruning tools know no blocks, and ONNX Runtime has no kernel that would"
        " gain by them; `filter` and `channel` prune whole output channels, `2:4` n of m weights",
    ),
    Refusal(
        op="prune",
        setting="criterion",
        value="movement",
        reason="movement is only known while training; give `train`, `schedule: cubic` and"
        " structure `element` or `filter`",
    ),
    Refusal(
        op="prune",
        setting="block_size",
        reason="only blocks have a size, and PyTorch's pruning tools know none",
    ),
)
