"""How large an artifact is: in bytes, deflated, and in bits per weight of the original network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..comparison.schema import Size
from ..errors import UsageError
from ..model.deflate import deflated_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..artifact import Artifact
    from ..model.state import LayerState

_BITS_PER_BYTE = 8


def measure_size(
    artifact: Artifact,
    states: Sequence[LayerState] | None,
    original_weights: int,
    weight_of: Mapping[str, str] | None = None,
) -> Size:
    """Weigh an artifact; `states` are its decoded layers, None where it cannot be decoded.

    `bytes` is the sum over its files and `deflated_bytes` that of one zlib stream of level 6 over
    them. `bits_per_weight` are the payloads of all layers, and `entropy_bits_per_weight` their
    entropies, through `original_weights`: the weights of the *source's* layers, so removed
    channels count as saved. The entropy is of decoded values: a lower bound for a coder of
    single values where one scale or table serves a layer, not where each channel has its scale.
    With sparsity s it is H_b(s) + (1 - s) H(other values). A weight that serves several layers
    has one; `weight_of` says by layer which it is (left out: its own). Raises UsageError without
    original weights.
    """
    if original_weights < 1:
        raise UsageError(
            f"{artifact.path}: bits per weight need the number of weights of the original model,"
            f" not {original_weights}"
        )
    payload = entropy = None
    if states is not None:
        payload = sum(state.payload_bytes for state in states) * _BITS_PER_BYTE / original_weights
        of_weights: dict[str, float] = {}
        for state in states:
            weight = (weight_of or {}).get(state.layer, state.layer)
            of_weights[weight] = max(state.entropy_bits, of_weights.get(weight, 0.0))
        entropy = sum(of_weights.values()) / original_weights
    return Size(
        bytes=artifact.bytes,
        deflated_bytes=deflated_bytes(artifact),
        bits_per_weight=payload,
        entropy_bits_per_weight=entropy,
    )
