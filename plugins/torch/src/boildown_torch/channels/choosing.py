"""Choose which channels go: as many as asked for, the least useful first, never all of a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor

    from .coupling import Coupled


def choose(
    groups: Sequence[Coupled],
    scores: Sequence[Tensor],
    *,
    ratio: float,
    scope: Literal["local", "global"],
    round_to: int = 1,
    initial: Mapping[str, int] | None = None,
) -> list[list[int]]:
    """Return, for each group, the output channels of its root that go.

    `scores` (channels) are small for channels of little use. Of each group (local) or of all of
    them together (global) the share `ratio` goes, counted from `initial` channels by root, or
    else from those there are; at least one stays in each fold. What is left of a root is
    rounded up to a multiple of `round_to`.
    """
    begun = initial or {}
    folded = [
        score.reshape(group.folds, -1).mean(0) for group, score in zip(groups, scores, strict=True)
    ]
    started = [begun.get(group.root, group.channels) // group.folds for group in groups]
    if scope == "local":
        counts = [
            _within(group.places - (start - round(ratio * start)), group)
            for group, start in zip(groups, started, strict=True)
        ]
    else:
        counts = _counts_together(groups, folded, started, ratio)
    counts = [_rounded(count, group, round_to) for count, group in zip(counts, groups, strict=True)]
    return [
        _spread(torch.argsort(score, stable=True)[:count].tolist(), group)
        for group, score, count in zip(groups, folded, counts, strict=True)
    ]


def _within(count: int, group: Coupled) -> int:
    return max(0, min(count, group.places - 1))


def _counts_together(
    groups: Sequence[Coupled], scores: Sequence[Tensor], started: Sequence[int], ratio: float
) -> list[int]:
    """Return how many places of each group are among the least useful of all."""
    total = sum(start * group.folds for start, group in zip(started, groups, strict=True))
    here = sum(group.channels for group in groups)
    wanted = here - (total - round(ratio * total))
    owners = torch.cat([torch.full((len(s),), i) for i, s in enumerate(scores)])
    counts = [0] * len(groups)
    for owner in owners[torch.argsort(torch.cat(list(scores)), stable=True)].tolist():
        group = groups[owner]
        if wanted < group.folds / 2 or counts[owner] == group.places - 1:
            continue
        counts[owner] += 1
        wanted -= group.folds
    return counts


def _rounded(count: int, group: Coupled, round_to: int) -> int:
    kept = group.places - count
    while kept < group.places and kept * group.folds % round_to:
        kept += 1
    return group.places - kept


def _spread(places: list[int], group: Coupled) -> list[int]:
    """Return the same places of every fold."""
    return sorted(fold * group.places + place for fold in range(group.folds) for place in places)
