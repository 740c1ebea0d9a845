"""Decide which weights stay, from scores: single ones, n of every m, or whole filters.

Scores are high for useful weights, and may be negative. What is zero already goes first, so that
zeros of an earlier step stay zeros and count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.utils.prune import L1Unstructured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from boildown import Layer


def keep_elements(
    scores: Sequence[Tensor], weights: Sequence[Tensor], sparsity: float, *, together: bool
) -> list[Tensor]:
    """Return masks without the share `sparsity` of each weight, or of all together; exact to one.

    Scores have the shapes of their weights.
    """
    useful = _useful(scores, [weight == 0 for weight in weights])
    if not together:
        return [_highest(score, round(sparsity * score.numel())) for score in useful]
    flat = torch.cat([score.reshape(-1) for score in useful])
    kept = _highest(flat, round(sparsity * flat.numel()))
    parts = torch.split(kept, [score.numel() for score in useful])
    return [part.reshape(score.shape) for part, score in zip(parts, useful, strict=True)]


def keep_n_of_m(
    scores: Sequence[Tensor],
    weights: Sequence[Tensor],
    layers: Sequence[Layer],
    pattern: tuple[int, int],
) -> list[Tensor]:
    """Return masks of the n best of m weights that follow each other in an output channel's row.

    A rest of a row that is shorter than m keeps its n best as well.
    """
    n, m = pattern
    kept = []
    useful = _useful(scores, [weight == 0 for weight in weights])
    for score, layer in zip(useful, layers, strict=True):
        rows = rows_of(score, layer)
        groups = torch.nn.functional.pad(rows, (0, -rows.shape[1] % m), value=-1).reshape(-1, m)
        best = groups.argsort(dim=1, descending=True, stable=True)[:, :n]
        mask = torch.zeros_like(groups, dtype=torch.bool).scatter_(1, best, value=True)
        kept.append(_unrows(mask.reshape(len(rows), -1)[:, : rows.shape[1]], layer, score.shape))
    return kept


def keep_filters(
    scores: Sequence[Tensor],
    weights: Sequence[Tensor],
    layers: Sequence[Layer],
    sparsity: float,
    *,
    together: bool,
) -> list[Tensor]:
    """Return masks without the filters that hold the share `sparsity` of the weights.

    Scores are one number a filter. One filter of every layer always stays, since a layer of
    zeros would cut the network in two.
    """
    rows = [rows_of(weight, layer) for weight, layer in zip(weights, layers, strict=True)]
    useful = _useful(scores, [(row == 0).all(1) for row in rows])
    if together:
        kept = _highest_filters(useful, [row.shape[1] for row in rows], sparsity)
    else:
        kept = [_highest(score, round(sparsity * score.numel())) for score in useful]
    for mask, score in zip(kept, useful, strict=True):
        mask[score.argmax()] = True
    return [
        _unrows(mask[:, None].expand(row.shape), layer, weight.shape)
        for mask, row, weight, layer in zip(kept, rows, weights, layers, strict=True)
    ]


def rows_of(values: Tensor, layer: Layer) -> Tensor:
    """Return one row an output channel, from ONNX's orientation."""
    return values.movedim(layer.axis, 0).reshape(values.shape[layer.axis], -1)


def _unrows(rows: Tensor, layer: Layer, shape: torch.Size) -> Tensor:
    front = (shape[layer.axis], *shape[: layer.axis], *shape[layer.axis + 1 :])
    return rows.reshape(front).movedim(0, layer.axis)


def _useful(scores: Sequence[Tensor], gone: Sequence[Tensor]) -> list[Tensor]:
    """Return scores above 0 in the same order, and 0 for what is gone already."""
    low = min(0.0, *(float(score.min()) for score in scores))
    least = torch.finfo(torch.float64).tiny
    return [
        (score.double() - low + least).masked_fill(zero, 0.0)
        for score, zero in zip(scores, gone, strict=True)
    ]


def _highest(scores: Tensor, count: int) -> Tensor:
    """Mark all but the `count` lowest."""
    method = L1Unstructured(amount=count)
    mask: Tensor = method.compute_mask(scores, torch.ones_like(scores))  # type: ignore[no-untyped-call]
    return mask.bool()


def _highest_filters(
    scores: Sequence[Tensor], sizes: Sequence[int], sparsity: float
) -> list[Tensor]:
    """Mark all but the lowest filters of all layers that hold `sparsity` of the weights."""
    counts = torch.cat(
        [torch.full((len(s),), float(size)) for s, size in zip(scores, sizes, strict=True)]
    ).double()
    order = torch.argsort(torch.cat(list(scores)), stable=True)
    before = counts[order].cumsum(0) - counts[order] / 2
    kept = torch.ones(len(order), dtype=torch.bool)
    kept[order[before <= sparsity * counts.sum()]] = False
    return list(torch.split(kept, [len(score) for score in scores]))
