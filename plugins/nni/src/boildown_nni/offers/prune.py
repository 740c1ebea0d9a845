"""What pruning the NNI backend offers, and why it refuses the rest."""

from __future__ import annotations

from typing import Any

from boildown import Offer, Range, Refusal

from .layers import LAYERS

_SHARE = Range(minimum=0, maximum=1)
_BEFORE = ("prune", "distill")
_LABELLED = ("train", "labels")
_SCHEDULES = ("one-shot", "linear", "cubic")
_NORMS: dict[str, Any] = {
    "sparsity": _SHARE,
    "structure": ("filter", "channel"),
    "criterion": ("magnitude", "l2", "fpgm"),
}
_ELEMENTS: dict[str, Any] = {
    "sparsity": _SHARE,
    "scope": ("local", "global"),
    "criterion": ("magnitude", "l2"),
}
_BOUND: dict[str, Any] = {"threshold": Range(minimum=0), "criterion": ("threshold",)}


def _offer(
    accepts: dict[str, Any],
    **more: Any,
) -> Offer:
    needs = more.pop("needs", _LABELLED if "train" in more else ())
    return Offer(
        op="prune", accepts={**accepts, **more}, needs=needs, after=_BEFORE, operators=LAYERS
    )


PRUNE_OFFERS = (
    _offer(_ELEMENTS),
    _offer(_NORMS),
    _offer(_BOUND),
    _offer(_BOUND, train=(True,)),
    _offer(_ELEMENTS, train=(True,), schedule=_SCHEDULES),
    _offer(_NORMS, train=(True,), schedule=_SCHEDULES),
    _offer({**_NORMS, "criterion": ("taylor",)}, needs=_LABELLED),
    _offer({**_NORMS, "criterion": ("taylor", "slim")}, train=(True,), schedule=_SCHEDULES),
    _offer(
        {**_NORMS, "structure": ("element", "filter", "channel"), "criterion": ("movement",)},
        train=(True,),
        schedule=("cubic",),
    ),
)
_REASONS = {
    ("structure", "block"): "NNI has blocks, and ONNX Runtime no kernel that would gain by them",
    ("structure", "n:m"): "NNI prunes a share of a layer, not n of m weights; the torch and tflite"
    " backends do",
    ("criterion", "random"): "NNI 3.0 has no pruner that draws; the torch backend has",
    ("criterion", "fpgm"): "NNI compares whole filters by FPGM; give structure `filter` or"
    " `channel`, and schedule `one-shot` or `train`",
    ("criterion", "slim"): "NNI learns factors of whole filters while training; give `train` and"
    " structure `filter` or `channel`",
    ("criterion", "movement"): "NNI learns the scores of movement while training, along a cubic"
    " schedule of its own; give `train` and `schedule: cubic`",
    ("criterion", "taylor"): "NNI sums Taylor's effects over filters; give structure `filter` or"
    " `channel`",
    ("scope", "global"): "NNI would rank whole filters by their norms, so that a layer of small"
    " ones would vanish; weights (structure `element`) are ranked over all layers",
}
PRUNE_REFUSALS = tuple(
    Refusal(op="prune", setting=setting, value=value, reason=reason)
    for (setting, value), reason in _REASONS.items()
)
