"""How close outputs are to the float model's, sample by sample; needs no labels.

Files are memory-mapped and read in slices, so that their size does not matter.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..errors import DataError
from .metrics import class_scores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .requests import Outputs

_SLICE_BYTES = 16 << 20


def open_output(outputs: Outputs, index: int = 0) -> np.ndarray:
    """Return one stored output, float32, memory-mapped, samples first."""
    stored: np.ndarray = np.load(outputs.path(index), mmap_mode="r", allow_pickle=False)
    return stored


def slices(*arrays: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    """Yield the same rows of all arrays, some megabytes at a time."""
    rows = max(1, _SLICE_BYTES // max(1, arrays[0][:1].nbytes))
    for start in range(0, len(arrays[0]), rows):
        yield tuple(np.asarray(array[start : start + rows]) for array in arrays)


def check_same_samples(this: Outputs, baseline: Outputs) -> None:
    """Raise DataError unless both come from the same samples and have outputs of one shape."""
    shapes = [_shapes(outputs) for outputs in (this, baseline)]
    if shapes[0] != shapes[1]:
        raise DataError(
            f"outputs of shape {shapes[0]} cannot be compared with the float model's "
            f"{shapes[1]}; measure both on the same data"
        )
    for mine, theirs in zip(this.truth, baseline.truth, strict=False):
        if not np.array_equal(np.load(mine), np.load(theirs), equal_nan=True):
            raise DataError("outputs and float outputs have different labels; measure both anew")


def _shapes(outputs: Outputs) -> list[tuple[int, ...]]:
    return [open_output(outputs, index).shape for index in range(len(outputs.names))]


def agreement(this: np.ndarray, baseline: np.ndarray) -> float:
    """Return the share of samples with the same first class; a sample with NaN agrees never."""
    same = 0
    for mine, theirs in slices(this, baseline):
        mine_, theirs_ = class_scores(mine), class_scores(theirs)
        numbers = ~(np.isnan(mine_).any(axis=1) | np.isnan(theirs_).any(axis=1))
        same += int((numbers & (mine_.argmax(axis=1) == theirs_.argmax(axis=1))).sum())
    return same / len(this)


class LeastSqnr(NamedTuple):
    """The SQNR in dB of the output that is furthest off; None, or infinite, with the reason."""

    ratio: float | None
    reason: str = ""
    #: Which output's it is, where there are several and they differ.
    output: str = ""


def least_sqnr_db(this: Outputs, baseline: Outputs) -> LeastSqnr:
    """Return the lowest SQNR of all outputs.

    Known only where that of every output is: one that cannot be told may be the furthest off.
    """
    found = [
        (name, *sqnr_db(open_output(this, index), open_output(baseline, index)))
        for index, name in enumerate(this.names)
    ]
    if len(found) == 1:
        return LeastSqnr(*found[0][1:])
    unknown = [f"output {name!r}: {reason}" for name, value, reason in found if value is None]
    if unknown:
        return LeastSqnr(None, "; ".join(unknown))
    least, name, reason = min((value, name, why) for name, value, why in found if value is not None)
    return LeastSqnr(least, reason, "" if reason else name)


def sqnr_db(this: np.ndarray, baseline: np.ndarray) -> tuple[float | None, str]:
    """Return the centred signal-to-quantization-noise ratio in dB, or None and why.

    10·log10(Σ(y - ȳ)² / Σ(x - y)²) over all samples and classes, x these outputs, y the float
    ones and ȳ their mean per class; infinite, with a reason, where x equals y. Centring takes
    away what is the same for every sample and so decides nothing; an offset in x stays, as noise.
    With R² = 1 - 10^(-SQNR/10) this is the coefficient of determination.
    """
    total = np.zeros(baseline.shape[1:], dtype=np.float64)
    for (theirs,) in slices(baseline):
        total += theirs.sum(axis=0, dtype=np.float64)
    mean = total / len(baseline)
    signal = noise = 0.0
    with np.errstate(invalid="ignore"):  # what is not finite is told as a reason
        for mine, theirs in slices(this, baseline):
            precise = theirs.astype(np.float64)
            signal += float(np.square(precise - mean).sum())
            noise += float(np.square(mine - precise).sum())
    if not math.isfinite(noise) or not math.isfinite(signal):
        return None, "no SQNR: outputs are not all finite numbers"
    if noise == 0:
        return math.inf, "no SQNR: the outputs are identical to the float model's (no noise at all)"
    if signal == 0:
        return None, "no SQNR: the float model's outputs are the same for every sample"
    return 10 * math.log10(signal / noise), ""
