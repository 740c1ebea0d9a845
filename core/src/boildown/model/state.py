"""The state of one layer as it stands in a saved file, and the one way to compute it."""

from __future__ import annotations

from ..frozen import Frozen


class LayerState(Frozen):
    """One layer as it stands in the saved file, decoded; made by `boildown.layer_state`."""

    layer: str
    shape: tuple[int, ...]
    #: Bits that one stored weight takes (32, 16, 8, 4, …; of an index where values are shared).
    bits: float
    #: Share of exact zeros, 0 to 1.
    sparsity: float
    distinct_values: int
    #: Bytes of the stored values of this layer, tables and scales included.
    payload_bytes: int
    #: Entropy of the values times their number: no lossless code of single values is shorter.
    entropy_bits: float
