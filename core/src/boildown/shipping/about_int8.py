"""What a reader must know of static int8 in ONNX Runtime, whichever backend has made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import UnsupportedError
from ..plugins.values import Warned

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from ..recipe.steps import Quantize

_SATURATES = (
    "weights use all 8 bits: on x86 CPUs without VNNI, sums of two products may saturate, so "
    "accuracy there differs from that on other CPUs"
)
_APART = (
    "ONNX Runtime computes a convolution together with the ReLU behind it in integers only where "
    "the code of 0 is the least; with `symmetric: true` it lies in the middle, and they are "
    "computed apart: in float32, or with one more rounding"
)


def about_int8(step: Quantize, *, saturates: bool) -> tuple[Warned, ...]:
    """Return notes on a static int8 step; `saturates`: its weights use all 8 bits, with a sign."""
    notes = [*([_APART] if step.symmetric else []), *([_SATURATES] if saturates else [])]
    return tuple(Warned(code="NOTE", text=text) for text in notes)


def refuse_eight_bits_of_seven(step: Quantize, settings: Mapping[str, Any]) -> None:
    """Raise UnsupportedError where `reduce_range` asks for all 8 bits of int7 weights."""
    if step.weights == "int7" and settings.get("reduce_range") is False:
        raise UnsupportedError("`reduce_range: false` asks for 8 bits, and int7 has 7")
