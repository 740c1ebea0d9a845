"""What the NNI backend offers of distilling."""

from __future__ import annotations

from boildown import Offer, Range, Refusal

_DISTILLED = Offer(
    op="distill",
    accepts={
        "width": Range(minimum=0, maximum=1),
        "teacher": ("original", "uri"),
        "start": ("weights", "random"),
        "temperature": Range(minimum=0),
        "alpha": Range(minimum=0, maximum=1),
        "train": (True,),
        "layers": (),
    },
    needs=("train", "labels"),
    # Nothing that an earlier step has done to the weights would outlast this training.
    after=(),
)
_NAMED = _DISTILLED.model_copy(
    update={
        "accepts": {
            "student": ("uri",),
            **{name: entry for name, entry in _DISTILLED.accepts.items() if name != "width"},
        }
    }
)
#: Soft targets alone need no labels.
_UNLABELLED = tuple(
    offer.model_copy(update={"accepts": {**offer.accepts, "alpha": (1.0,)}, "needs": ("train",)})
    for offer in (_DISTILLED, _NAMED)
)
DISTILL_OFFERS = (_DISTILLED, _NAMED, *_UNLABELLED)
DISTILL_REFUSALS = (
    Refusal(
        op="distill",
        setting="hints",
        value=True,
        reason="NNI compares maps of equal shape only, and those of a narrower student differ; the"
        " torch backend fits them to each other",
    ),
)
