"""What the PyTorch backend offers, and why it refuses the rest."""

from __future__ import annotations

from boildown import Approximation, Offer

from .prune.offers import PRUNE_OFFERS, PRUNE_REFUSALS
from .sharing_offers import SHARING_OFFERS

_BEFORE_QUANTIZE = ("prune", "cluster", "distill")

_STATIC = Offer(
    op="quantize",
    accepts={
        "weights": ("int8", "int7"),
        "activations": ("int8",),
        "granularity": (None, "tensor", "channel"),
        "symmetric": (None, True),
        "observer": (None, "minmax", "mse"),
    },
    needs=("samples",),
    after=_BEFORE_QUANTIZE,
    operators=("Conv", "Gemm", "MatMul"),
    approximations=(
        Approximation(
            setting="weights",
            value="int8",
            how="weights use 7 of the 8 bits, so that products cannot saturate on CPUs without "
            "VNNI (`with: {torch: {reduce_range: false}}` uses all 8)",
        ),
    ),
)
_AWARE = Offer(
    op="quantize",
    accepts={
        "weights": ("int8", "int7"),
        "activations": ("int8",),
        "granularity": (None, "tensor", "channel"),
        "symmetric": (None, True),
        "train": (True,),
    },
    needs=("train", "labels"),
    after=_BEFORE_QUANTIZE,
    operators=_STATIC.operators,
    approximations=_STATIC.approximations,
)
_DYNAMIC = Offer(
    op="quantize",
    accepts={
        "weights": ("int8",),
        "activations": ("dynamic",),
        "granularity": (None, "tensor", "channel"),
    },
    after=_BEFORE_QUANTIZE,
    operators=("Gemm", "MatMul", "LSTM", "GRU", "RNN"),
)
_WEIGHTS_ONLY = Offer(
    op="quantize",
    accepts={
        "weights": ("int8", "int7", "int6", "int5", "int4", "int3", "int2"),
        "activations": ("float32",),
        "granularity": (None, "tensor", "channel"),
        "symmetric": (None, True, False),
        "observer": (None, "minmax", "mse"),
    },
    after=_BEFORE_QUANTIZE,
)
_BINARY = Offer(
    op="quantize",
    accepts={
        "weights": ("int1",),
        "activations": ("float32",),
        "granularity": (None, "tensor", "channel"),
        "symmetric": (None, True),
    },
    after=_BEFORE_QUANTIZE,
)
_LEARNED = Offer(
    op="quantize",
    accepts={
        "weights": ("int8", "int7", "int6", "int5", "int4", "int3", "int2", "int1"),
        "activations": ("float32",),
        "granularity": (None, "tensor", "channel"),
        "symmetric": (None, True),
        "train": (True,),
    },
    needs=("train", "labels"),
    after=_BEFORE_QUANTIZE,
    operators=("Conv", "ConvTranspose", "Gemm", "MatMul"),
)
_HALF_WEIGHTS = Offer(
    op="quantize",
    accepts={"weights": ("float16", "bfloat16"), "activations": ("float32",)},
    after=_BEFORE_QUANTIZE,
)
OFFERS = (
    *(_DYNAMIC, _STATIC, _AWARE, _WEIGHTS_ONLY, _BINARY, _LEARNED, _HALF_WEIGHTS),
    *PRUNE_OFFERS,
    *SHARING_OFFERS,
)
REFUSALS = (*PRUNE_REFUSALS,)
