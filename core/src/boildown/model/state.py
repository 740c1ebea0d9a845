"""The state of one layer as it stands in a saved file, and the one way to compute it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ModelError
from ..frozen import Frozen
from .histogram import Histogram, histogram

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .layers import Layer


class LayerState(Frozen):
    """One layer as it stands in the saved file, decoded; made by `boildown.layer_state`."""

    layer: str
    shape: tuple[int, ...]
    #: Bits that one stored weight takes (32, 16, 8, 4, …): of an index where values are shared, of
    #: a value that is kept where zeros are left out. A mask counts in `payload_bytes` alone.
    bits: float
    #: Share of exact zeros, 0 to 1.
    sparsity: float
    distinct_values: int
    #: Bytes of the stored values of this layer, tables and scales included.
    payload_bytes: int
    #: Entropy of the decoded values times their number. No lossless code of single values is
    #: shorter where one scale or table serves the layer; with a scale per channel codes may be.
    entropy_bits: float
    #: SHA-256 of the sorted values with their counts, so in any layout the same; empty: not given.
    values_digest: str = ""
    #: How the values lie, for people to look at; None: not given, or nothing but zeros.
    histogram: Histogram | None = None


def layer_state(layer: str, values: np.ndarray, *, bits: float, payload_bytes: int) -> LayerState:
    """Describe the decoded values of one layer, of any shape and number type.

    `bits` is what one stored weight takes, `payload_bytes` what the layer takes in the file.
    Zeros are exact zeros, and -0.0 is 0.0. The entropy is Shannon's, of the values as they are
    distributed in this layer (1948), in bits, times the number of values. Raises ModelError
    naming the layer where it has no values or some that are not finite.
    """
    flat = np.asarray(values).reshape(-1)
    if flat.dtype != np.float64:
        # Every stored weight type but 32- and 64-bit integers fits float32 exactly.
        wide = flat.dtype.kind in "iu" and flat.dtype.itemsize > 2  # noqa: PLR2004
        flat = flat.astype(np.float64 if wide else np.float32)
    if not flat.size:
        raise ModelError(f"layer {layer!r} has no weights: its shape is {np.shape(values)}")
    if not np.isfinite(flat).all():
        raise ModelError(f"layer {layer!r} holds weights that are not finite (NaN or infinity)")
    ordered = np.sort(flat + flat.dtype.type(0))
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    distinct = ordered[starts]
    counts = np.diff(starts, append=flat.size)
    shares = counts / flat.size
    entropy = -float(np.dot(shares, np.log2(shares))) + 0.0
    digest = hashlib.sha256(distinct.astype("<f8").tobytes() + counts.astype("<i8").tobytes())
    return LayerState(
        layer=layer,
        shape=np.shape(values),
        bits=bits,
        sparsity=float(counts[distinct == 0].sum() / flat.size),
        distinct_values=len(distinct),
        payload_bytes=payload_bytes,
        entropy_bits=max(entropy, 0.0) * flat.size,
        values_digest=digest.hexdigest(),
        histogram=histogram(distinct, counts),
    )


def onnx_layer_states(path: Path, source: Sequence[Layer]) -> list[LayerState]:
    """Decode the `source` layers from a compressed ONNX file, in their order.

    A layer is found by the name of its node, also with what ONNX Runtime's quantizers append
    (`_quant`, `_Q4`, …). Its weight is whatever constant part of the graph feeds the node: plain
    or sparse initializers, DequantizeLinear, look-up tables and packed codes, or the integer
    weight of a quantized operator. `payload_bytes` counts every initializer of that part; what
    several layers use is divided between them evenly, so that their sum is what is stored.
    Shapes are in the source's orientation. Raises ModelError naming every layer that is missing
    or cannot be decoded.
    """
    from .decoding import decode_layers

    return [
        layer_state(item.layer, item.values, bits=item.bits, payload_bytes=item.payload_bytes)
        for item in decode_layers(path, source)
    ]
