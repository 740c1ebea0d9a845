"""Tables of values and the indices into them, as coremltools asks for them.

The values are boildown's own, so that every backend clusters and quantizes alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from boildown import cluster_weight, encode_weight

from .chain import code_bits, index_bits

if TYPE_CHECKING:
    from collections.abc import Callable

    from boildown import Cluster, Quantize

    #: Weights -> a table of 2^bits values, and an index for each weight, flat.
    Table = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]


def table_of(shared: np.ndarray, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct values, the last repeated up to 2^bits of them, and the indices."""
    values, indices = np.unique(shared.reshape(-1), return_inverse=True)
    return np.pad(values, (0, 2**bits - len(values)), mode="edge"), indices.astype(np.uint8)


def clustered(step: Cluster, seed: int) -> Table:
    """Return what finds the shared values of one layer after the other.

    Zeros that an earlier step has left are one of the values: a file stores them by themselves.
    """
    random, bits = np.random.default_rng(seed), index_bits(step.count)
    one = step.model_copy(update={"granularity": "tensor"})

    def find(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        shared = cluster_weight(weight.astype(np.float32), one, 0, random)
        if weight.dtype.kind in "iu":  # codes of an earlier step
            shared = np.rint(shared)
        return table_of(shared.astype(weight.dtype), bits)

    return find


def evenly_spaced(step: Quantize) -> Table:
    """Return what gives each weight the value of its integer code, signs where it has one bit."""
    bits = index_bits(2 ** code_bits(step))
    one = step.model_copy(update={"granularity": "tensor"})

    def find(weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        real = encode_weight(weight.astype(np.float32), one, 0).real
        return table_of(real.astype(weight.dtype), bits)

    return find


def as_they_are(bits: int) -> Table:
    """Return what finds the values that weights share already, at most 2^bits."""
    return lambda weight: table_of(weight, bits)
