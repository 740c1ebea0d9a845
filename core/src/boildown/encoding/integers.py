"""Weights as integer codes with a scale: (code - zero) * scale is the weight, and 0 stays 0."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

#: Shares of the range of the weights that are tried where some may be clipped. Less than the last
#: has less error with 2 bits, but also less top-1 (see `docs/decisions.md`).
_SHARES = np.linspace(1.0, 0.4, 25)


class Codes(NamedTuple):
    """Integers, what one of them is worth, and which of them is 0 (None: the code 0).

    `codes` has the shape of the weight, int8 or uint8; `scale` and `zero` are float32 and spread
    over it.
    """

    codes: np.ndarray
    scale: np.ndarray
    zero: np.ndarray | None = None

    @property
    def real(self) -> np.ndarray:
        """The weights that they stand for."""
        moved = self.codes.astype(np.float32) - (0 if self.zero is None else self.zero)
        weights: np.ndarray = moved * self.scale
        return weights


def over_the_whole_range(
    weight: np.ndarray, bits: int, axes: tuple[int, ...], *, symmetric: bool
) -> Codes:
    """Give the greatest weight of each group the greatest code; `axes` share a scale."""
    return _encode(weight, bits, axes, np.float32(1), symmetric=symmetric)


def with_least_error(
    weight: np.ndarray, bits: int, axes: tuple[int, ...], *, symmetric: bool
) -> Codes:
    """Clip the greatest weights of each group where that makes the squared error smaller.

    No more than 0.6 of the range is clipped.
    """
    shares = least = None
    for share in _SHARES:
        tried = _encode(weight, bits, axes, np.float32(share), symmetric=symmetric)
        error = ((tried.real - weight) ** 2).sum(axis=axes, keepdims=True, dtype=np.float64)
        if shares is None or least is None:
            shares, least = np.full_like(error, share), error
        shares = np.where(error < least, share, shares)
        least = np.minimum(error, least)
    return _encode(weight, bits, axes, np.asarray(shares, np.float32), symmetric=symmetric)


def signs(weight: np.ndarray, axes: tuple[int, ...]) -> Codes:
    """Return signs and the mean size of the weights (XNOR-Net, Rastegari et al., 2016)."""
    scale = np.abs(weight).mean(axis=axes, keepdims=True, dtype=np.float64).astype(np.float32)
    return Codes(np.where(weight < 0, np.int8(-1), np.int8(1)), scale)


def _encode(
    weight: np.ndarray,
    bits: int,
    axes: tuple[int, ...],
    share: np.ndarray | np.float32,
    *,
    symmetric: bool,
) -> Codes:
    if symmetric:
        most = 2 ** (bits - 1) - 1
        scale = _steps(np.abs(weight).max(axis=axes, keepdims=True) * share / most)
        return Codes(np.clip(np.rint(weight / scale), -most, most).astype(np.int8), scale)
    most = 2**bits - 1
    low = np.minimum(weight.min(axis=axes, keepdims=True), 0) * share
    high = np.maximum(weight.max(axis=axes, keepdims=True), 0) * share
    scale = _steps((high - low) / most)
    zero = np.rint(-low / scale)
    codes = np.clip(np.rint(weight / scale) + zero, 0, most).astype(np.uint8)
    return Codes(codes, scale, zero.astype(np.float32))


def _steps(scale: np.ndarray) -> np.ndarray:
    """Return usable scales: a group of zeros has any."""
    return np.where(scale == 0, 1, scale).astype(np.float32)
