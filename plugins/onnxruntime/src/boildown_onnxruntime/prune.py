"""Zero the least useful weights: single ones, n of every m, or whole filters.

Pruning only writes zeros. What they are worth is decided when the file is deployed, where layers
with enough of them are stored without them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from boildown import (
    StepOutcome,
    initializers,
    read_graph,
    selected_layers,
    store_values,
    write_graph,
)
from onnx import numpy_helper

if TYPE_CHECKING:
    from boildown import Artifact, Context, Layer, Prune

#: Score of a weight that is zero already: below every other, so that it is never kept instead.
_GONE = -1.0


def prune(model: Artifact, step: Prune, context: Context) -> StepOutcome:
    """Zero weights of the selected layers as `step` says, exactly as many as it says."""
    graph = read_graph(model)
    tensors = initializers(graph)
    layers = selected_layers(step, context)
    weights = [numpy_helper.to_array(tensors[layer.weight]).copy() for layer in layers]
    if step.threshold is not None:
        kept = [np.abs(weight) >= step.threshold for weight in weights]
    elif step.pattern is not None:
        kept = _keep_n_of_m(layers, weights, step, context)
    elif step.structure == "filter":
        kept = _keep_filters(layers, weights, step, context)
    else:
        kept = _keep_elements(layers, weights, step, context)
    for layer, weight, mask in zip(layers, weights, kept, strict=True):
        zeroed = np.where(mask, weight, weight.dtype.type(0))
        store_values(graph, {layer.weight: zeroed})
    return StepOutcome(artifact=write_graph(graph, context, "pruned"))


def _scores(
    layers: list[Layer], weights: list[np.ndarray], step: Prune, context: Context
) -> list[np.ndarray]:
    """Score every weight; of single weights l2 and magnitude give the same order."""
    random = np.random.default_rng(context.seed)
    scores = []
    for _layer, weight in zip(layers, weights, strict=True):
        size = np.abs(weight.astype(np.float32))
        score = random.random(weight.shape, np.float32) if step.criterion == "random" else size
        scores.append(np.where(size == 0, np.float32(_GONE), score))
    return scores


def _keep_elements(
    layers: list[Layer], weights: list[np.ndarray], step: Prune, context: Context
) -> list[np.ndarray]:
    scores = _scores(layers, weights, step, context)
    if step.scope == "local":
        return [_highest(score, step.sparsity or 0.0) for score in scores]
    kept = _highest(np.concatenate([score.ravel() for score in scores]), step.sparsity or 0.0)
    parts = np.split(kept, np.cumsum([score.size for score in scores])[:-1])
    return [part.reshape(score.shape) for part, score in zip(parts, scores, strict=True)]


def _highest(scores: np.ndarray, sparsity: float) -> np.ndarray:
    """Mark all but the lowest `sparsity` of the scores, exact to one of them."""
    order = np.argsort(scores, axis=None, kind="stable")
    kept = np.ones(scores.size, bool)
    kept[order[: round(sparsity * scores.size)]] = False
    return kept.reshape(scores.shape)


def _keep_n_of_m(
    layers: list[Layer], weights: list[np.ndarray], step: Prune, context: Context
) -> list[np.ndarray]:
    """Keep the n best of m weights that follow each other in the row of an output channel.

    A rest of a row that is shorter than m keeps its n best as well.
    """
    n, m = step.pattern or (1, 2)
    kept = []
    for layer, score in zip(layers, _scores(layers, weights, step, context), strict=True):
        rows = _rows(score, layer.axis)
        padded = np.pad(rows, ((0, 0), (0, -rows.shape[1] % m)), constant_values=-np.inf)
        groups = padded.reshape(-1, m)
        places = np.argsort(np.argsort(-groups, axis=1, kind="stable"), axis=1)
        mask = (places < n).reshape(padded.shape)[:, : rows.shape[1]]
        kept.append(_unrows(mask, score.shape, layer.axis))
    return kept


def _keep_filters(
    layers: list[Layer], weights: list[np.ndarray], step: Prune, context: Context
) -> list[np.ndarray]:
    """Keep the output channels with the greatest mean (L1) or root mean square (L2) weight.

    One filter of every layer always stays, since a layer of zeros would cut the network in two.
    """
    random = np.random.default_rng(context.seed)
    scores, sizes = [], []
    for layer, weight in zip(layers, weights, strict=True):
        rows = _rows(np.abs(weight.astype(np.float32)), layer.axis)
        norm = np.sqrt((rows**2).mean(1)) if step.criterion == "l2" else rows.mean(1)
        score = random.random(len(norm), np.float32) if step.criterion == "random" else norm
        scores.append(np.where(norm == 0, np.float32(_GONE), score))
        sizes.append(rows.shape[1])
    sparsity = step.sparsity or 0.0
    if step.scope == "local":
        kept = [_highest(score, sparsity) for score in scores]
    else:
        kept = _highest_filters(scores, sizes, sparsity)
    for score, mask in zip(scores, kept, strict=True):
        mask[np.argmax(score)] = True
    return [
        np.broadcast_to(mask.reshape([-1 if i == layer.axis else 1 for i in range(weight.ndim)]),
                        weight.shape)
        for layer, weight, mask in zip(layers, weights, kept, strict=True)
    ]  # fmt: skip


def _highest_filters(
    scores: list[np.ndarray], sizes: list[int], sparsity: float
) -> list[np.ndarray]:
    """Mark all but the lowest filters of all layers that hold `sparsity` of the weights."""
    everything = np.concatenate(scores)
    weight_counts = np.concatenate(
        [np.full(len(score), size) for score, size in zip(scores, sizes, strict=True)]
    )
    order = np.argsort(everything, kind="stable")
    gone = np.cumsum(weight_counts[order]) - weight_counts[order] / 2
    kept = np.ones(len(everything), bool)
    kept[order[gone <= sparsity * weight_counts.sum()]] = False
    return np.split(kept, np.cumsum([len(score) for score in scores])[:-1])


def _rows(values: np.ndarray, axis: int) -> np.ndarray:
    """Return one row an output channel."""
    return np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1)


def _unrows(rows: np.ndarray, shape: tuple[int, ...], axis: int) -> np.ndarray:
    """Undo `_rows`."""
    front = (shape[axis], *shape[:axis], *shape[axis + 1 :])
    return np.moveaxis(rows.reshape(front), 0, axis)
