"""n:m sparsity is a matter of places: in every m weights that follow each other, n may stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def broken_patterns(
    pattern: tuple[int, int], weights: Mapping[str, tuple[np.ndarray, int]]
) -> list[str]:
    """Name the layers in which some m weights in a row have more than n that are not zero.

    `weights` are decoded, by layer, with the axis of output channels. A row is an output channel;
    its order is that of the source or, as hardware wants it, with the input channels innermost.
    The rest of a row that is shorter than m may hold what it likes.
    """
    n, m = pattern
    found = []
    for layer, (values, axis) in weights.items():
        most = min(_most_kept(rows, m) for rows in _orders(values, axis))
        if most > n:
            found.append(
                f"layer {layer!r}: of {m} weights in a row up to {most} are not zero;"
                f" {n}:{m} leaves {n}"
            )
    return found


def _orders(values: np.ndarray, axis: int) -> Iterator[np.ndarray]:
    rows = np.moveaxis(values, axis, 0)
    yield rows.reshape(len(rows), -1)
    yield np.moveaxis(rows, 1, -1).reshape(len(rows), -1)


def _most_kept(rows: np.ndarray, m: int) -> int:
    whole = rows[:, : rows.shape[1] // m * m].reshape(-1, m)
    return int((whole != 0).sum(1).max(initial=0))
