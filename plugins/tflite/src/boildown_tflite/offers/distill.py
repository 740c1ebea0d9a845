"""What the TensorFlow Lite backend offers of distilling."""

from __future__ import annotations

from boildown import Offer, Range, Refusal

_NAMED = Offer(
    op="distill",
    accepts={
        "student": ("uri",),
        "teacher": ("original", "uri"),
        "temperature": Range(minimum=0),
        "alpha": Range(minimum=0, maximum=1),
        "train": (True,),
        "layers": (),
    },
    needs=("train", "labels"),
    # Nothing that an earlier step has done to the weights would outlast this training.
    after=(),
)
#: Soft targets alone need no labels.
_UNLABELLED = _NAMED.model_copy(
    update={"accepts": {**_NAMED.accepts, "alpha": (1.0,)}, "needs": ("train",)}
)
DISTILL_OFFERS = (_NAMED, _UNLABELLED)
DISTILL_REFUSALS = (
    Refusal(
        op="distill",
        setting="hints",
        value=True,
        reason="only soft targets are taught here; the `torch` backend knows hints",
    ),
)
