"""The integer codes that a quantize step asks for: its bits, its granularity, its observer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .integers import Codes, over_the_whole_range, signs, with_least_error

if TYPE_CHECKING:
    import numpy as np

    from ..recipe.steps import Quantize

#: Up to so many bits, clipping a few great weights costs less than coarse steps for all: on the
#: zoo, int4 and int3 lose up to 0.1 less of top-1 with it.
_FEW_BITS = 4


def encode_weight(weight: np.ndarray, step: Quantize, axis: int) -> Codes:
    """Return codes of `step.weights` (int8 to int1) for a float32 weight of any shape.

    There is one scale for each place along `axis`, the output channels, or one in all where the
    granularity is `tensor`; scale and zero keep the rank of the weight, so that they spread over
    it. Left open, the observer is `mse` up to 4 bits and `minmax` above. int1 gives signs and
    the mean size of the weights (XNOR-Net, Rastegari et al., 2016).
    """
    whole = step.granularity == "tensor"
    axes = tuple(place for place in range(weight.ndim) if whole or place != axis)
    if step.weights == "int1":
        return signs(weight, axes)
    bits = int(step.weights.removeprefix("int"))
    observer = step.observer or ("mse" if bits <= _FEW_BITS else "minmax")
    encode = with_least_error if observer == "mse" else over_the_whole_range
    return encode(weight, bits, axes, symmetric=step.symmetric is not False)
