"""What the Core ML backend offers of quantization, and why it refuses the rest."""

from __future__ import annotations

from typing import Any

from boildown import Approximation, Offer, Range, Refusal

from .cluster import SHORT_TABLES

#: What a neural network (`.mlmodel`) has no form for.
NO_BLOCKS = {"mlmodel": "a neural network has no scales for blocks; ship an mlpackage"}
NO_CODES = {"mlmodel": "a neural network has no quantized activations; ship an mlpackage"}
COMPUTES_IN_HALVES = "an ML Program with float16 weights computes in float16 as well"
_HALVES = ("float32", "float16")
_SYMMETRIC = (None, True, False)
_OBSERVER = (None, "minmax")
_SPARSE, _SHARED = ("distill", "prune"), ("distill", "prune", "cluster")


def _offer(
    accepts: dict[str, Any],
    **more: Any,
) -> Offer:
    return Offer(op="quantize", accepts=accepts, **more)


_CODES: dict[str, Any] = {
    "weights": ("int8", "int4"),
    "symmetric": _SYMMETRIC,
    "observer": _OBSERVER,
}
_FLOAT16 = _offer(
    {"weights": ("float16",), "activations": _HALVES, "layers": ()},
    after=_SHARED,
    approximations=(
        Approximation(
            setting="activations",
            value="float32",
            how=COMPUTES_IN_HALVES,
            unless={"format": ("mlmodel",)},
        ),
    ),
)
#: Behind `cluster` the tables are quantized, which have no channels.
_TENSOR = _offer({**_CODES, "activations": _HALVES, "granularity": (None, "tensor")}, after=_SHARED)
_CHANNEL = _offer({**_CODES, "activations": _HALVES, "granularity": ("channel",)}, after=_SPARSE)
_BLOCK = _offer(
    {
        **_CODES,
        "activations": _HALVES,
        "granularity": ("block",),
        "block_size": Range(minimum=2, maximum=4096),
    },
    after=_SPARSE,
    unfit_formats=NO_BLOCKS,
)
_FEW = _offer(
    {
        "weights": ("int7", "int6", "int5", "int3", "int2"),
        "activations": _HALVES,
        "granularity": (None, "tensor", "channel"),
        "symmetric": _SYMMETRIC,
        "observer": (None, "minmax", "mse"),
    },
    after=_SPARSE,
)
_BINARY = _offer(
    {
        "weights": ("int1",),
        "activations": _HALVES,
        "granularity": (None, "tensor", "channel"),
        "symmetric": (None, True),
    },
    after=("distill",),
)
_STATIC = _offer(
    {**_CODES, "activations": ("int8",), "granularity": (None, "tensor")},
    needs=("samples",),
    after=_SHARED,
    unfit_formats=NO_CODES,
)
_STATIC_CHANNEL = _offer(
    {**_CODES, "activations": ("int8",), "granularity": ("channel",)},
    needs=("samples",),
    after=_SPARSE,
    unfit_formats=NO_CODES,
)
QUANTIZE_OFFERS = (
    _TENSOR,
    _CHANNEL,
    _FLOAT16,
    _BLOCK,
    _FEW,
    _BINARY,
    _STATIC,
    _STATIC_CHANNEL,
)
QUANTIZE_REFUSALS = (
    *(
        Refusal(
            op="quantize",
            setting="weights",
            value=value,
            reason="coremltools leaves tables of fewer than 10 numbers, and `cluster` makes one of"
            " at most 8 for each layer; share 9 values or more, or give it `granularity: channel`",
            behind=SHORT_TABLES,
            # With these a layer may have more tables than one, or entries of several numbers.
            unless=("group_size", "cluster_dim"),
        )
        for value in _CODES["weights"]
    ),
    Refusal(
        op="quantize",
        setting="weights",
        value="bfloat16",
        reason="Core ML has no bfloat16; give float16",
    ),
    Refusal(
        op="quantize",
        setting="activations",
        value="dynamic",
        reason="Core ML fixes the ranges of activations in the file; give int8, and samples",
    ),
    Refusal(
        op="quantize",
        setting="activations",
        value="int16",
        reason="Core ML's quantize operator has 8 bits",
    ),
    *(
        Refusal(
            op="quantize",
            setting="observer",
            value=value,
            reason="coremltools takes the whole range of weights and of activations (minmax)",
        )
        for value in ("mse", "entropy", "percentile")
    ),
)
