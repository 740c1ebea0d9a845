"""What a job really changed, counted from decoded layers and never from what a backend says."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..comparison.audited import Audit, LayerAudit, WeightHistogram
from ..errors import PluginError
from ..model.histogram import in_same_bins

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..model.layers import Layer
    from ..model.state import LayerState

#: Decoders may round scales differently; a weight more or less at zero is no disagreement.
_SPARSITY_TOLERANCE = 1e-3
#: Products of two scales and codes may coincide in one rounding and not in another.
_DISTINCT_TOLERANCE = 0.005
_BITS_TOLERANCE = 0.01


def audit(
    before: Sequence[LayerState], after: Sequence[LayerState], layers: Sequence[Layer], source: str
) -> Audit:
    """Compare the layers of two files; `source` says what decoded them.

    `before` should come from the float twin of the same backend: a deployment may fold batch
    normalisation into weights, which is no compression. A layer has changed if its number of
    weights, its bits, sparsity, distinct values or (where both are given) values differ; values
    are compared as sorted sets with counts, so another layout or order is no change. `bits` and
    `sparsity` of the whole are means over the layers weighted by their weights after the change,
    `distinct_values` is the largest of any layer. Raises PluginError where a layer is missing.
    """
    old = _by_layer(before, layers, "before")
    new = _by_layer(after, layers, "after")
    rows = tuple(
        LayerAudit(
            layer=layer.name,
            op=layer.op,
            shape=new[layer.name].shape,
            changed=_changed(old[layer.name], new[layer.name]),
            bits=new[layer.name].bits,
            sparsity=new[layer.name].sparsity,
            distinct_values=new[layer.name].distinct_values,
            histogram=_histogram(old[layer.name], new[layer.name]),
        )
        for layer in layers
    )
    states = list(new.values())
    return Audit(
        layers_changed=sum(row.changed for row in rows),
        layers_total=len(rows),
        bits=_weighted(states, lambda state: state.bits),
        sparsity=_weighted(states, lambda state: state.sparsity),
        distinct_values=max((state.distinct_values for state in states), default=None),
        source=source,
        layers=rows,
    )


def cross_check(native: Sequence[LayerState], onnx: Sequence[LayerState]) -> list[str]:
    """Return where a backend's own decoder and the ONNX form disagree, in sentences.

    Compared are which layers there are, the number of weights, sparsity (to 0.1 percentage
    point) and distinct values (to 0.5 %, so any palette of up to 200 values exactly). Bits and
    bytes are not: a format may store the same values in other ways than ONNX. Nor are single
    values: formats fold scales and batch normalisation in ways of their own, and parity of the
    outputs is measured apart.
    """
    own = {state.layer: state for state in native}
    ours = {state.layer: state for state in onnx}
    found = [f"layer {name!r} is missing in the ONNX form" for name in own if name not in ours]
    found += [
        f"layer {name!r} is missing in the backend's list" for name in ours if name not in own
    ]
    for name, state in own.items():
        if name in ours:
            found += _disagreements(state, ours[name])
    return found


def _disagreements(own: LayerState, ours: LayerState) -> list[str]:
    where = f"layer {own.layer!r}:"
    if math.prod(own.shape) != math.prod(ours.shape):
        text = (
            f"{where} the backend decodes {math.prod(own.shape):,} weights of shape"
            f" {list(own.shape)}, the ONNX form has {math.prod(ours.shape):,} of"
            f" {list(ours.shape)}"
        )
        return [text]
    found = []
    if abs(own.sparsity - ours.sparsity) > _SPARSITY_TOLERANCE:
        found.append(
            f"{where} the backend decodes a sparsity of {own.sparsity:.4f}, the ONNX form has"
            f" {ours.sparsity:.4f}"
        )
    gap = abs(own.distinct_values - ours.distinct_values)
    if gap > _DISTINCT_TOLERANCE * ours.distinct_values:
        found.append(
            f"{where} the backend decodes {own.distinct_values:,} distinct values, the ONNX form"
            f" has {ours.distinct_values:,}"
        )
    return found


def _by_layer(
    states: Sequence[LayerState], layers: Sequence[Layer], when: str
) -> dict[str, LayerState]:
    found = {state.layer: state for state in states}
    missing = [layer.name for layer in layers if layer.name not in found]
    if missing:
        raise PluginError(
            f"the states {when} the job lack {len(missing)} of {len(layers)} layers:"
            f" {', '.join(missing[:5])}; a backend's `layers` must decode every layer of the source"
        )
    return {layer.name: found[layer.name] for layer in layers}


def _changed(old: LayerState, new: LayerState) -> bool:
    if math.prod(old.shape) != math.prod(new.shape) or abs(old.bits - new.bits) > _BITS_TOLERANCE:
        return True
    if old.values_digest and new.values_digest:
        return old.values_digest != new.values_digest
    return (old.sparsity, old.distinct_values) != (new.sparsity, new.distinct_values)


def _histogram(old: LayerState, new: LayerState) -> WeightHistogram | None:
    if old.histogram is None or new.histogram is None:
        return None
    before, after = in_same_bins(old.histogram, new.histogram)
    return WeightHistogram(
        bin_width=math.ldexp(1.0, after.exponent),
        first=after.first,
        before=before.counts,
        after=after.counts,
    )


def _weighted(states: Sequence[LayerState], value: Callable[[LayerState], float]) -> float | None:
    total = sum(math.prod(state.shape) for state in states)
    if not total:
        return None
    return sum(value(state) * math.prod(state.shape) for state in states) / total
