"""Begin quantization-aware training at ranges that were seen.

TF Model Optimization begins every range at ±6 and moves it by a thousandth a step, so that a
short training would end near ±6 whatever the activations are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .keras import tf, tf_keras

if TYPE_CHECKING:
    from collections.abc import Sequence

_KINDS = ("output", "post_activation", "pre_activation")
_WRAPPED = "quant_"


def begin_at(
    aware: tf_keras.Model, floating: tf_keras.Model, samples: Sequence[Sequence[tf.Tensor]]
) -> None:
    """Set the ranges of activations in `aware` to those in `floating` on batches of samples.

    A range is the mean of the least and of the greatest numbers of each batch, as moving averages
    would find it; that of an input holds all of its numbers.
    """
    inner = {}
    for layer in aware.layers:
        pair = _range_of(layer)
        if pair is not None and layer.name.startswith(_WRAPPED):
            inner[layer.name.removeprefix(_WRAPPED)] = pair
    names = list(inner)
    observing = tf_keras.Model(floating.inputs, [floating.get_layer(n).output for n in names])
    lows, highs = [], []
    for batch in samples:
        made = observing(batch, training=False)
        made = made if isinstance(made, list) else [made]
        lows.append([float(tf.reduce_min(tensor)) for tensor in made])
        highs.append([float(tf.reduce_max(tensor)) for tensor in made])
    pairs = zip(names, np.mean(lows, 0), np.mean(highs, 0), strict=True)
    for name, low, high in pairs:
        _assign(inner[name], low, high)
    _begin_inputs(aware, samples)


def _begin_inputs(aware: tf_keras.Model, samples: Sequence[Sequence[tf.Tensor]]) -> None:
    for place, tensor in enumerate(aware.inputs):
        low = min(float(tf.reduce_min(batch[place])) for batch in samples)
        high = max(float(tf.reduce_max(batch[place])) for batch in samples)
        for node in tensor._keras_history.layer.outbound_nodes:  # noqa: SLF001 - no other way
            found = {v.name.rpartition("_")[2][:3]: v for v in node.layer.variables}
            if {"min", "max"} <= found.keys() and not node.layer.name.startswith(_WRAPPED):
                _assign((found["min"], found["max"]), low, high)


def _range_of(layer: tf_keras.layers.Layer) -> tuple[Any, Any] | None:
    """Return the two variables of the range of what a layer gives, if it has one."""
    found = {
        variable.name.rpartition("/")[2].partition(":")[0]: variable for variable in layer.variables
    }
    for kind in _KINDS:
        if f"{kind}_min" in found:
            return found[f"{kind}_min"], found[f"{kind}_max"]
    return None


def _assign(pair: tuple[Any, Any], low: float, high: float) -> None:
    """Set a range; it holds 0, which padding and rectifiers need exactly."""
    pair[0].assign(min(low, 0.0))
    pair[1].assign(max(high, 1e-3, 0.0))
