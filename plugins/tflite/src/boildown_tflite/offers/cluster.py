"""What the TensorFlow Lite backend offers of weight sharing."""

from __future__ import annotations

from boildown import Offer, Range

_BEFORE = ("prune", "distill")
_AT_ONCE = Offer(
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
    accepts={**_AT_ONCE.accepts, "train": (True,)},
    needs=("train", "labels"),
    after=_BEFORE,
    operators=("Conv", "ConvTranspose", "Gemm", "MatMul"),
)
CLUSTER_OFFERS = (_AT_ONCE, _TRAINED)
