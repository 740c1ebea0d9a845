"""How static int8 rounds: 8-bit activations, int8 weights, and who observes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torchao.quantization.pt2e import (
    FusedMovingAvgObsFakeQuantize,
    HistogramObserver,
    MinMaxObserver,
    MovingAverageMinMaxObserver,
    MovingAveragePerChannelMinMaxObserver,
    PerChannelMinMaxObserver,
)
from torchao.quantization.pt2e.quantizer import QuantizationSpec

from .grid import NARROW, WHOLE

if TYPE_CHECKING:
    from boildown import Quantize

#: Smallest step between two codes; PyTorch's own would round a layer of small weights to zero.
_LEAST_STEP = 2.0**-30
_LEVELS = 255
#: The same for weights where XNNPACK runs: it refuses products of steps below 2^-32.
_LEAST_XNNPACK_STEP = 2.0**-20


class Rounding(NamedTuple):
    """The specifications of PT2E for activations and for weights."""

    activation: QuantizationSpec
    weight: QuantizationSpec


def rounding(
    step: Quantize, *, narrow: bool, trains: bool = False, signed: bool = False
) -> Rounding:
    """Return how `step` rounds; `narrow` keeps weights to 7 bits, `trains` makes it learnable.

    Activations are uint8, as ONNX Runtime's kernels want them, or `signed`, as those of XNNPACK.

    Activations are observed by histograms of which the range of least squared error is taken
    (PyTorch's default), or by their least and greatest value (`observer: minmax`).
    """
    scheme = torch.per_tensor_symmetric if step.symmetric else torch.per_tensor_affine
    observer = MinMaxObserver if step.observer == "minmax" else HistogramObserver
    if trains:
        observer = MovingAverageMinMaxObserver
    whole = step.granularity == "tensor"
    most = NARROW if narrow else WHOLE
    least = _LEAST_XNNPACK_STEP if signed else _LEAST_STEP
    activation, codes = (torch.int8, (-128, 127)) if signed else (torch.uint8, (0, _LEVELS))
    return Rounding(
        _spec(activation, codes, scheme, observer, trains=trains, least=_LEAST_STEP),
        _spec(
            torch.int8,
            (-most, most),
            torch.per_tensor_symmetric if whole else torch.per_channel_symmetric,
            _weight_observer(whole=whole, trains=trains),
            trains=trains,
            least=least,
            axis=None if whole else 0,
        ),
    )


def _weight_observer(*, whole: bool, trains: bool) -> Any:  # noqa: ANN401 - a class of observers
    if whole:
        return MovingAverageMinMaxObserver if trains else MinMaxObserver
    return MovingAveragePerChannelMinMaxObserver if trains else PerChannelMinMaxObserver


def _spec(
    dtype: torch.dtype,
    codes: tuple[int, int],
    scheme: torch.qscheme,
    observer: type,
    *,
    trains: bool,
    least: float,
    axis: int | None = None,
) -> QuantizationSpec:
    low, high = codes
    made: Any = observer.with_args(eps=least)  # type: ignore[attr-defined]
    if trains:
        made = FusedMovingAvgObsFakeQuantize.with_args(observer=observer, eps=least)
    return QuantizationSpec(
        dtype=dtype,
        observer_or_fake_quant_ctr=made,
        quant_min=low,
        quant_max=high,
        qscheme=scheme,
        ch_axis=axis,
    )
