"""What a backend offers that distils: named or narrower students, with labels or without."""

from __future__ import annotations

from typing import Any

from .offers import Offer, Range


def distilling_offers(**more: Any) -> tuple[Offer, ...]:  # noqa: ANN401 - what an offer accepts
    """Return the offers; `more` is accepted besides, such as `hints=(False, True)`."""
    narrower: dict[str, Any] = {
        "width": Range(minimum=0, maximum=1),
        "teacher": ("original", "uri"),
        "start": ("weights", "random"),
        "temperature": Range(minimum=0),
        "alpha": Range(minimum=0, maximum=1),
        **more,
        "train": (True,),
        "layers": (),
    }
    named = {"student": ("uri",), **{n: entry for n, entry in narrower.items() if n != "width"}}
    # Nothing that an earlier step has done to the weights would outlast this training.
    labelled = tuple(
        Offer(op="distill", accepts=accepts, needs=("train", "labels"), after=())
        for accepts in (narrower, named)
    )
    # Soft targets alone need no labels.
    unlabelled = tuple(
        Offer(op="distill", accepts=offer.accepts | {"alpha": (1.0,)}, needs=("train",), after=())
        for offer in labelled
    )
    return (*labelled, *unlabelled)
