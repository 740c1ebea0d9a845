"""Integer weights for kernels that round activations at each inference.

The codes are unsigned with their zero at 128: products of unsigned and unsigned numbers do not
saturate on x86 CPUs without VNNI, those of unsigned and signed ones may.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from boildown import encode_weight

if TYPE_CHECKING:
    from boildown import Quantize

ZERO = np.uint8(128)


class Unsigned(NamedTuple):
    """uint8 codes in the shape of the weight, and the worth of one: one number, or an axis's."""

    codes: np.ndarray
    scale: np.ndarray


def unsigned(weight: np.ndarray, step: Quantize, axis: int) -> Unsigned:
    """Return int8 codes moved up by 128; scales lie along `axis`, or there is one (rank 0)."""
    made = encode_weight(weight, step, axis)
    codes = (made.codes.astype(np.int16) + np.int16(ZERO)).astype(np.uint8)
    whole = step.granularity == "tensor"
    return Unsigned(codes, made.scale.reshape(() if whole else -1))
