"""What the TensorFlow Lite backend offers of quantization."""

from __future__ import annotations

from boildown import Approximation, Offer, Refusal

#: What `symmetric` is of static int8.
OF_WEIGHTS_ALONE = "TensorFlow Lite's int8 activations have a zero point; weights have none"
_SYMMETRIC = (Approximation(setting="symmetric", value=True, how=OF_WEIGHTS_ALONE),)
_BEFORE = ("prune", "cluster", "distill")

_FLOAT16 = Offer(
    op="quantize",
    accepts={"weights": ("float16",), "activations": ("float32",), "layers": ()},
    after=_BEFORE,
)
_DYNAMIC = Offer(
    op="quantize",
    accepts={
        "weights": ("int8",),
        "activations": ("dynamic",),
        "symmetric": (None, True),
        "layers": (),
    },
    after=_BEFORE,
)
_WEIGHTS_ONLY = Offer(
    op="quantize",
    accepts={
        "weights": ("int8", "int4"),
        "activations": ("float32",),
        "granularity": (None, "channel"),
        "symmetric": (None, True),
        "layers": (),
    },
    after=_BEFORE,
)
_DYNAMIC_4 = _WEIGHTS_ONLY.model_copy(
    update={"accepts": {**_WEIGHTS_ONLY.accepts, "weights": ("int4",), "activations": ("dynamic",)}}
)
_STATIC = Offer(
    op="quantize",
    accepts={
        "weights": ("int8",),
        "activations": ("int8",),
        "granularity": (None, "channel"),
        "symmetric": (None, True),
        "observer": (None, "minmax"),
        "layers": (),
    },
    needs=("samples",),
    after=_BEFORE,
    approximations=_SYMMETRIC,
)
_STATIC_16 = _STATIC.model_copy(
    update={"accepts": {**_STATIC.accepts, "activations": ("int16",)}, "approximations": ()}
)
_AWARE = Offer(
    op="quantize",
    accepts={
        "weights": ("int8",),
        "activations": ("int8",),
        "granularity": (None, "channel"),
        "symmetric": (None, True),
        "train": (True,),
        "layers": (),
    },
    needs=("train", "labels"),
    after=_BEFORE,
    approximations=_SYMMETRIC,
)
QUANTIZE_OFFERS = (_FLOAT16, _WEIGHTS_ONLY, _DYNAMIC, _DYNAMIC_4, _STATIC, _STATIC_16, _AWARE)
_NO_CODES = "TensorFlow Lite has no kernels and no storage for it"
QUANTIZE_REFUSALS = (
    *(
        Refusal(op="quantize", setting="weights", value=value, reason=_NO_CODES)
        for value in ("bfloat16", "int7", "int6", "int5", "int3", "int2", "int1")
    ),
    Refusal(
        op="quantize",
        setting="granularity",
        value="tensor",
        reason="TensorFlow Lite gives every output channel of a convolution its own scale",
    ),
    Refusal(
        op="quantize",
        setting="layers",
        reason="TensorFlow Lite's converter quantizes the whole network or nothing",
    ),
)
