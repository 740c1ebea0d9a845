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
    from collections.abc import Collection, Mapping, Sequence

    from .flatbuffer import File
    from .keras import tf_keras

#: Likeness (0 to 1) at which a kernel is taken for the layer's. Unrelated kernels of 9 numbers a
#: channel reach about 0.3; 4 bits leave 0.95, and training for a few epochs seldom less than 0.9.
_LIKE, _SURELY = 0.6, 0.9
_AFTER_TRAINING = "quant_"
#: Operators that look up in their weight; all others multiply with it.
_LOOKING_UP = ("GATHER", "EMBEDDING_LOOKUP")


class _Kernel(NamedTuple):
    """The weight of a Keras layer as (all that is summed over, output channels)."""

    matrix: np.ndarray
    is_table: bool


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
    kernels = {layer.name.removeprefix(_AFTER_TRAINING): _kernel(layer) for layer in model.layers}
    # Of several layers that a node has become (a product and a sum, say) that with the weight.
    weighted = sorted(names, key=lambda name: kernels.get(name) is not None)
    keras = {names[name]: name for name in weighted}
    free = set(range(len(sites)))
    outputs: dict[str, int] = {}
    missing: dict[str, str] = {}
    for node in nodes:
        name = keras.get(node)
        if name is None:
            missing[node] = "it has become no layer of the Keras model"
            continue
        scores = [
            (_is_named(site, name, file), _likeness(kernels.get(name), site, matrix))
            for site, matrix in zip(sites, matrices, strict=True)
        ]
        place = _choose(scores, sites, free)
        if place is None:
            missing[node] = "the converter dropped its weight, or merged it with others"
        else:
            outputs[node] = sites[place].output
            free.remove(place)
    return Matched(outputs, missing)


def _choose(
    scores: Sequence[tuple[bool, float]], sites: Sequence[Site], free: Collection[int]
) -> int | None:
    """Return a free site that is named and alike, or else surely the layer's; None: neither."""
    named = [i for i in sorted(free) if scores[i][0] and scores[i][1] >= _LIKE]
    found = named or [i for i in sorted(free) if scores[i][1] >= _SURELY]
    if not found or (not named and len({sites[i].weight.buffer for i in found}) > 1):
        return None
    return max(found, key=lambda i: scores[i][1])


def _is_named(site: Site, name: str, file: File) -> bool:
    texts = (site.weight.name, file.tensors[site.output].name)
    parts = {word for text in texts for part in text.split(";") for word in part.split("/")}
    return name in parts or _AFTER_TRAINING + name in parts


def _likeness(kernel: _Kernel | None, site: Site, matrix: np.ndarray | None) -> float:
    """Return how alike two matrices are but for a factor a row, or a column, from 0 to 1.

    0 where one is a table and the other is not, though a classifier may share its numbers.
    """
    if kernel is None:
        return 1.0 if matrix is not None else 0.0
    wanted, is_table = kernel
    if matrix is None or is_table != (site.operator.code in _LOOKING_UP):
        return 0.0
    forms = [form for form in (matrix, matrix.T) if form.shape == wanted.shape]
    return max((_cosine(wanted, form, axis) for form in forms for axis in (0, 1)), default=0.0)


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


def _kernel(layer: tf_keras.layers.Layer) -> _Kernel | None:
    """Return the weight of a Keras layer; None where it has none."""
    inner = getattr(layer, "layer", layer)
    # The attribute `kernel` of a layer that has trained with rounding is what it was rounded to.
    variables = {v.name.rpartition("/")[2].partition(":")[0]: v for v in inner.variables}
    for name in ("depthwise_kernel", "kernel", "embeddings"):
        if name not in variables:
            continue
        values: np.ndarray = variables[name].numpy().astype(np.float64)
        if name == "depthwise_kernel":
            return _Kernel(values.reshape(-1, values.shape[2] * values.shape[3]), is_table=False)
        if type(inner).__name__ == "Conv2DTranspose":
            values = values.swapaxes(2, 3)
        return _Kernel(values.reshape(-1, values.shape[-1]), name == "embeddings")
    return None
