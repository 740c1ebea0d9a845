"""Hold the layers of a saved file against what a step asked for; say what is missing in sentences.

States come from the float twin (before) and the compressed file (after), never from a backend's
words. Every function returns all that is wrong; nothing: the effect is there.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..recipe.steps import Cluster, Distill, Prune, Quantize

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..model.layers import Layer
    from ..model.state import LayerState
    from ..recipe.steps import Step

_BITS = {"float16": 16, "bfloat16": 16}
_ROUNDING = 0.02
_STORED = 8


def missing_effect(
    step: Step,
    layers: Sequence[Layer],
    before: Mapping[str, LayerState],
    after: Mapping[str, LayerState],
    weights: Mapping[str, np.ndarray],
    *,
    approximated: bool,
    sparse_before: bool = False,
) -> list[str]:
    """Return what a step should have done to `layers` and has not.

    `weights` are what the step was given, by name; empty where another step has changed them.
    With `sparse_before` an earlier step left zeros, which may add to those of whole filters.
    """
    if not any(_differs(before[layer.name], after[layer.name]) for layer in layers):
        return ["nothing has changed: every layer stands in the file as in the float twin's"]
    if isinstance(step, Quantize):
        return _quantized(step, layers, after, approximated=approximated)
    if isinstance(step, Prune):
        return _pruned(step, layers, before, after, weights, sparse_before=sparse_before)
    if isinstance(step, Cluster):
        return _clustered(step, layers, after, approximated=approximated)
    return _smaller(step, before, after)


def touched_elsewhere(
    layers: Sequence[Layer],
    before: Mapping[str, LayerState],
    after: Mapping[str, LayerState],
    *,
    trained: bool,
) -> list[str]:
    """Return, of layers that a step must leave alone, those that changed.

    Training moves the weights of all layers; the others keep their bits and are no sparser.
    """
    differs = _compressed if trained else _differs
    return [
        f"layer {layer.name!r} has changed, although the step is limited to another"
        for layer in layers
        if differs(before[layer.name], after[layer.name])
    ]


def lost_zeros(step: Prune, layers: Sequence[Layer], after: Mapping[str, LayerState]) -> list[str]:
    """Say where a later step gave up the zeros of an earlier one."""
    share = _weighted(layers, after)
    kept, of = step.pattern or (1, 1)
    wanted = step.sparsity or 1 - kept / of
    if share < wanted - 2 * _ROUNDING:
        return [f"of the {wanted:.0%} zeros of the step before, {share:.1%} are left"]
    return []


def _differs(old: LayerState, new: LayerState) -> bool:
    if old.values_digest and new.values_digest:
        return old.values_digest != new.values_digest or old.bits != new.bits
    return old.model_copy(update={"payload_bytes": 0}) != new.model_copy(
        update={"payload_bytes": 0}
    )


def _compressed(old: LayerState, new: LayerState) -> bool:
    return old.bits != new.bits or new.sparsity - old.sparsity > _ROUNDING


def _quantized(
    step: Quantize,
    layers: Sequence[Layer],
    after: Mapping[str, LayerState],
    *,
    approximated: bool,
) -> list[str]:
    found = []
    for layer in layers:
        state, bits = after[layer.name], _width(step.weights)
        if bits is None:
            continue
        most = 2**bits * _groups(
            step.granularity, step.block_size, layer, approximated=approximated
        )
        # Blocks may have more values together than any width has codes.
        shared = step.granularity != "block" and state.distinct_values <= most
        if state.bits > bits and not (state.bits <= _STORED and shared):
            found.append(
                f"layer {layer.name!r} is stored in {state.bits:g} bits with"
                f" {state.distinct_values:,} distinct values; {step.weights} was asked for"
            )
    return found


def _width(weights: str) -> int | None:
    if weights.startswith("int"):
        return int(weights.removeprefix("int"))
    return _BITS.get(weights)


def _groups(
    granularity: str | None,
    block_size: int | None,
    layer: Layer,
    *,
    approximated: bool,
) -> int:
    """Return how many groups of weights may have values of their own."""
    if granularity == "tensor" and not approximated:
        return 1
    channels = layer.shape[layer.axis]
    if granularity == "block":
        return channels * math.ceil(layer.size / channels / (block_size or 16))
    return channels


def _pruned(
    step: Prune,
    layers: Sequence[Layer],
    before: Mapping[str, LayerState],
    after: Mapping[str, LayerState],
    weights: Mapping[str, np.ndarray],
    *,
    sparse_before: bool,
) -> list[str]:
    if step.structure == "channel":
        return _smaller(step, before, after)
    if step.threshold is not None:
        return _below_threshold(step.threshold, layers, after, weights)
    if step.pattern is not None:
        # The rest of a row that is no multiple of m may keep n of fewer.
        least = (1 - step.pattern[0] / step.pattern[1]) * 0.85
        return [
            f"layer {layer.name!r} has {after[layer.name].sparsity:.1%} zeros; {step.structure}"
            f" makes {1 - step.pattern[0] / step.pattern[1]:.1%}"
            for layer in layers
            if after[layer.name].sparsity < least
        ]
    return _sparse_enough(step, layers, after, sparse_before=sparse_before)


def _sparse_enough(
    step: Prune,
    layers: Sequence[Layer],
    after: Mapping[str, LayerState],
    *,
    sparse_before: bool,
) -> list[str]:
    wanted, found = step.sparsity or 0.0, []
    if sparse_before and step.structure in {"filter", "block"}:
        return _too_few_zeros(step, layers, after)
    if step.scope == "global":
        share, coarse = _weighted(layers, after), max(map(_unit(step), layers), default=0)
        if abs(share - wanted) > _ROUNDING + coarse:
            found.append(f"{share:.1%} of all weights are zero; {wanted:.1%} was asked for")
        shares = [after[layer.name].sparsity for layer in layers]
        if len(shares) > 1 and step.criterion != "random" and max(shares) - min(shares) < _ROUNDING:
            found.append(
                "scope global: every layer has the same share of zeros, although their weights"
                " are of different magnitude"
            )
        return found
    for layer in layers:
        share = after[layer.name].sparsity
        if abs(share - wanted) > _ROUNDING + _unit(step)(layer):
            found.append(
                f"layer {layer.name!r} has {share:.1%} zeros; {wanted:.1%} was asked for"
                " of each layer (scope local)"
            )
    return found


def _too_few_zeros(
    step: Prune, layers: Sequence[Layer], after: Mapping[str, LayerState]
) -> list[str]:
    share, wanted = _weighted(layers, after), step.sparsity or 0.0
    if share >= wanted - _ROUNDING - max(map(_unit(step), layers), default=0):
        return []
    return [f"{share:.1%} of all weights are zero; at least {wanted:.1%} was asked for"]


def _unit(step: Prune) -> Callable[[Layer], float]:
    """Return the share of a layer that is pruned at once: a filter, or nearly nothing."""

    def share(layer: Layer) -> float:
        return 1 / layer.shape[layer.axis] if step.structure in {"filter", "block"} else 0.0

    return share


def _below_threshold(
    threshold: float,
    layers: Sequence[Layer],
    after: Mapping[str, LayerState],
    weights: Mapping[str, np.ndarray],
) -> list[str]:
    found = []
    for layer in (layer for layer in layers if layer.weight in weights):
        wanted = float(np.mean(np.abs(weights[layer.weight]) < threshold))
        share = after[layer.name].sparsity
        if abs(share - wanted) > _ROUNDING:
            found.append(
                f"layer {layer.name!r} has {share:.1%} zeros; {wanted:.1%} of its weights are"
                f" below {threshold:g}"
            )
    return found


def _clustered(
    step: Cluster,
    layers: Sequence[Layer],
    after: Mapping[str, LayerState],
    *,
    approximated: bool,
) -> list[str]:
    found = []
    for layer in layers:
        groups = _groups(step.granularity or "tensor", None, layer, approximated=approximated)
        most, has = step.count * groups, after[layer.name].distinct_values
        if has > most:
            found.append(f"layer {layer.name!r} has {has:,} distinct values; at most {most:,}")
    return found


def _smaller(
    step: Prune | Distill, before: Mapping[str, LayerState], after: Mapping[str, LayerState]
) -> list[str]:
    """Channels that are removed, or a narrower student, leave fewer weights."""
    old, new = (sum(math.prod(s.shape) for s in states.values()) for states in (before, after))
    share = step.sparsity if isinstance(step, Prune) else 1 - (step.width or 0.9)
    least = (share or 0.0) / 2
    if new > old * (1 - least):
        return [f"{new:,} of {old:,} weights are left; at least {least:.0%} should be gone"]
    return []


def _weighted(layers: Sequence[Layer], after: Mapping[str, LayerState]) -> float:
    zeros = sum(after[layer.name].sparsity * layer.size for layer in layers)
    return zeros / max(sum(layer.size for layer in layers), 1)
