"""What the PyTorch backend offers of weight sharing and of distilling."""

from __future__ import annotations

from boildown import Offer, Range

_BEFORE = ("prune", "cluster", "distill")

_SHARED = Offer(
    op="cluster",
    accepts={
        "values": Range(minimum=2, maximum=256),
        "init": (None, "kmeans", "linear", "density", "random"),
        "granularity": (None, "tensor", "channel"),
        "keep_sparsity": (False, True),
    },
    after=_BEFORE,
)
_TRAINED = Offer(
    op="cluster",
    accepts={**_SHARED.accepts, "train": (True,)},
    needs=("train", "labels"),
    after=_BEFORE,
)
SHARING_OFFERS = (_SHARED, _TRAINED)
