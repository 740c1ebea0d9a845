"""What the NNI backend offers of quantization."""

from __future__ import annotations

from typing import Any

from boildown import Approximation, Offer, Refusal

from .layers import LAYERS

_BEFORE = ("prune", "distill")
_LABELLED = ("train", "labels")
#: What a step that asks for int8 is told where 7 bits are used.
NARROW = "weights use 7 of the 8 bits, so that products cannot saturate on CPUs without VNNI"
_INT8: dict[str, Any] = {
    "weights": ("int8", "int7"),
    "activations": ("int8",),
    "granularity": (None, "tensor", "channel"),
    "symmetric": (None, True),
}
_STATIC = Offer(
    op="quantize",
    accepts={**_INT8, "observer": (None, "minmax")},
    needs=("samples",),
    after=_BEFORE,
    operators=LAYERS,
    approximations=(
        Approximation(
            setting="weights",
            value="int8",
            how=f"{NARROW} (`with: {{nni: {{reduce_range: false}}}}` uses all 8)",
            unless={"reduce_range": (False,)},
        ),
    ),
)
_AWARE = _STATIC.model_copy(update={"accepts": {**_INT8, "train": (True,)}, "needs": _LABELLED})
_WEIGHTS_ONLY = Offer(
    op="quantize",
    accepts={
        "weights": ("int8", "int7", "int6", "int5", "int4", "int3", "int2"),
        "granularity": (None, "tensor", "channel"),
        "symmetric": (None, True),
    },
    after=_BEFORE,
    operators=LAYERS,
)
_LEARNED = _WEIGHTS_ONLY.model_copy(
    update={"accepts": {**_WEIGHTS_ONLY.accepts, "train": (True,)}, "needs": _LABELLED}
)
_BINARY = Offer(
    op="quantize",
    accepts={
        "weights": ("int1",),
        "granularity": (None, "tensor"),
        "symmetric": (None, True),
        "train": (True,),
    },
    needs=_LABELLED,
    after=_BEFORE,
    operators=LAYERS,
)
QUANTIZE_OFFERS = (_STATIC, _AWARE, _WEIGHTS_ONLY, _LEARNED, _BINARY)
QUANTIZE_REFUSALS = (
    *(
        Refusal(
            op="quantize",
            setting="weights",
            value=value,
            reason="NNI rounds to integers only; the torch and onnxruntime backends store halves",
        )
        for value in ("float16", "bfloat16")
    ),
    Refusal(
        op="quantize",
        setting="weights",
        value="int1",
        reason="NNI learns two values for a whole weight, with activations in float32; give"
        " `train`, and no granularity",
    ),
    Refusal(
        op="quantize",
        setting="activations",
        value="dynamic",
        reason="NNI's ranges are fixed when it has calibrated or trained; the torch and"
        " onnxruntime backends find them at run time",
    ),
    *(
        Refusal(
            op="quantize",
            setting="observer",
            value=value,
            reason="NNI observes the least and the greatest value only",
        )
        for value in ("mse", "entropy", "percentile")
    ),
)
