"""Which weights a step of pruning keeps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from boildown import Prune


def kept(step: Prune, values: Sequence[np.ndarray], axes: Sequence[int]) -> list[np.ndarray]:
    """Return one mask an array; `axes` count output channels."""
    if step.pattern is not None:
        return [_n_of_m(v, axis, *step.pattern) for v, axis in zip(values, axes, strict=True)]
    if step.scope == "global":
        bound = np.quantile(np.concatenate([np.abs(v).ravel() for v in values]), step.sparsity)
        return [np.abs(v) > bound for v in values]
    return [np.abs(v) > np.quantile(np.abs(v), step.sparsity) for v in values]


def _n_of_m(values: np.ndarray, axis: int, n: int, m: int) -> np.ndarray:
    moved = np.moveaxis(values, axis, 0)
    rows = np.abs(moved.reshape(len(moved), -1))
    padded = np.pad(rows, ((0, 0), (0, -rows.shape[1] % m)), constant_values=-1)
    places = np.argsort(np.argsort(-padded.reshape(-1, m), axis=1), axis=1)
    mask = (places < n).reshape(padded.shape)[:, : rows.shape[1]]
    return np.moveaxis(mask.reshape(moved.shape), 0, axis)
