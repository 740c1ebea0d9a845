"""How many codes static int8 gives a weight. Nothing here imports PyTorch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from boildown import Quantize

#: Greatest code of a weight: with 7 of 8 bits, sums of two products cannot saturate 16 bits.
NARROW, WHOLE = 63, 127


def is_narrow(step: Quantize, settings: Mapping[str, Any]) -> bool:
    """Tell whether weights keep to 7 of the 8 bits: where asked, and for kernels of x86 CPUs.

    `settings` are the step's `with` and what says which file ships; only x86 can saturate, so the
    file for phones uses all bits unless `reduce_range` says otherwise.
    """
    for_phones = settings.get("format") == "pte"
    return step.weights == "int7" or bool(settings.get("reduce_range", not for_phones))


def greatest_code(step: Quantize, settings: Mapping[str, Any]) -> int:
    """Return the greatest code of a weight."""
    return NARROW if is_narrow(step, settings) else WHOLE
