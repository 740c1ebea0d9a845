"""Which operator of a converted file each ONNX layer has become.

The converter names tensors after the Keras layers that they come of, several joined by ";", but
not always: outputs of the network lose theirs, and equal constants are merged under the name of
one. So a name is a hint; what decides is that the numbers are those of the Keras layer, but for
one factor for each channel (a folded batch norm, scale or normalization) and rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from boildown import ModelError

from .flatbuffer import decode
from .weights import Site, weight_sites

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .flatbuffer import File
    from .keras import tf_keras

#: Likeness (0 to 1) at which a kernel is taken for the layer's. Unrelated kernels of 9 numbers a
#: channel reach about 0.3; 4 bits leave 0.95, and training for a few epochs seldom less than 0.9.
_LIKE, _SURELY = 0.6, 0.9
_AFTER_TRAINING = "quant_"


class Matched(NamedTuple):
    """ONNX node -> index of the tensor its operator makes; and what was not found, and why."""

    outputs: dict[str, int]
    missing: dict[str, str]


def match_layers(
    file: File, model: tf_keras.Model, names: Mapping[str, str], nodes: Sequence[str]
) -> Matched:
    """Find the ONNX `nodes` in a file made of `model`; `names` are Keras layer -> ONNX node."""
    sites = weight_sites(file)
    matrices = [_matrix(site) for site in sites]
    keras = {node: name for name, node in names.items()}
    kernels = {layer.name.removeprefix(_AFTER_TRAINING): _kernel(layer) for layer in model.layers}
    outputs: dict[str, int] = {}
    missing: dict[str, str] = {}
    for node in nodes:
        name = keras.get(node)
        if name is None:
            missing[node] = "it has become no layer of the Keras model"
            continue
        scores = [
            (_is_named(site, name, file), _likeness(kernels.get(name), matrix))
            for site, matrix in zip(sites, matrices, strict=True)
        ]
        place = _choose(scores, sites)
        if place is None:
            missing[node] = "the converter dropped its weight, or merged it with others"
        else:
            outputs[node] = sites[place].output
    return Matched(outputs, missing)


def _choose(scores: Sequence[tuple[bool, float]], sites: Sequence[Site]) -> int | None:
    """Return the only site that is named and alike, or else surely the layer's; None: neither."""
    named = [i for i, (is_named, likeness) in enumerate(scores) if is_named and likeness >= _LIKE]
    found = named or [i for i, (_named, likeness) in enumerate(scores) if likeness >= _SURELY]
    if not found or (not named and len({sites[i].weight.buffer for i in found}) > 1):
        return None
    return max(found, key=lambda i: scores[i][1])


def _is_named(site: Site, name: str, file: File) -> bool:
    texts = (site.weight.name, file.tensors[site.output].name)
    parts = {word for text in texts for part in text.split(";") for word in part.split("/")}
    return name in parts or _AFTER_TRAINING + name in parts


def _likeness(kernel: np.ndarray | None, matrix: np.ndarray | None) -> float:
    """Return how alike two matrices are but for a factor a row, or a column, from 0 to 1."""
    if kernel is None:
        return 1.0 if matrix is not None else 0.0
    if matrix is None or kernel.size != matrix.size:
        return 0.0
    forms = [form for form in (matrix, matrix.T) if form.shape == kernel.shape]
    return max((_cosine(kernel, form, axis) for form in forms for axis in (0, 1)), default=0.0)


def _cosine(first: np.ndarray, second: np.ndarray, axis: int) -> float:
    products = np.abs((first * second).sum(axis)).sum()
    lengths = (np.linalg.norm(first, axis=axis) * np.linalg.norm(second, axis=axis)).sum()
    if lengths:
        return float(products / lengths)
    return 1.0 if not first.any() and not second.any() else 0.0


def _matrix(site: Site) -> np.ndarray | None:
    """Return a weight as (all that is summed over, output channels)."""
    try:
        values = decode(site.weight).astype(np.float64)
    except ModelError:
        return None
    if site.operator.code == "DEPTHWISE_CONV_2D":
        return values.reshape(-1, values.shape[-1])
    if site.operator.code in ("CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED"):
        return values.reshape(len(values), -1).T
    return values.reshape(-1, values.shape[-1])


def _kernel(layer: tf_keras.layers.Layer) -> np.ndarray | None:
    """Return the weight of a Keras layer in the same form; None where it has none."""
    inner = getattr(layer, "layer", layer)
    # The attribute `kernel` of a layer that has trained with rounding is what it was rounded to.
    variables = {v.name.rpartition("/")[2].partition(":")[0]: v for v in inner.variables}
    for name in ("depthwise_kernel", "kernel", "embeddings"):
        if name not in variables:
            continue
        values: np.ndarray = variables[name].numpy().astype(np.float64)
        if name == "depthwise_kernel":
            return values.reshape(-1, values.shape[2] * values.shape[3])
        if type(inner).__name__ == "Conv2DTranspose":
            values = values.swapaxes(2, 3)
        return values.reshape(-1, values.shape[-1])
    return None
