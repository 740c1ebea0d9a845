"""What the PyTorch backend offers of quantization."""

from __future__ import annotations

from typing import Any

from boildown import Approximation, Offer

_BEFORE_QUANTIZE = ("prune", "cluster", "distill")

_INT8: dict[str, Any] = {
    "weights": ("int8", "int7"),
    "activations": ("int8",),
    "granularity": (None, "tensor", "channel"),
    "symmetric": (None, True),
}
_NO_PT2 = (
    "an exported program of PyTorch keeps its numbers in float32 beside the codes, so that the file"
    " would be larger than the float one; ship int8 as 'onnx' or 'pte'"
)
_STATIC = Offer(
    op="quantize",
    accepts={**_INT8, "observer": (None, "minmax", "mse")},
    needs=("samples",),
    after=_BEFORE_QUANTIZE,
    operators=("Conv", "Gemm", "MatMul"),
    approximations=(
        Approximation(
            setting="weights",
            value="int8",
            how="weights use 7 of the 8 bits, so that products cannot saturate on CPUs without "
            "VNNI (`with: {torch: {reduce_range: false}}` uses all 8)",
            unless={"reduce_range": (False,), "format": ("pte",)},
        ),
    ),
    unfit_formats={"pt2": _NO_PT2},
)
_AWARE = _STATIC.model_copy(
    update={"accepts": {**_INT8, "train": (True,)}, "needs": ("train", "labels")}
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
    unfit_formats={
        "pt2": _NO_PT2,
        "pte": "XNNPACK finds the ranges of dynamic int8 for each row, which no operator of ONNX"
        " does, so that the result could not be checked; quantize statically, or ship 'onnx'",
    },
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
QUANTIZE_OFFERS = (_DYNAMIC, _STATIC, _AWARE, _WEIGHTS_ONLY, _BINARY, _LEARNED, _HALF_WEIGHTS)
