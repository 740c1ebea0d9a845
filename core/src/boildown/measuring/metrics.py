"""Metrics as scores of single samples: so every one has n, an interval and a paired difference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import DataError
from ..plugins.values import CLASSIFICATION

#: (outputs, truth) -> one number a sample. Outputs come in the source's order, float32, samples
#: first; truth is the labels alone, int64 of shape (n,), or for other tasks what the data hold of
#: the outputs, in their order, float64.
Score = Callable[[Sequence[np.ndarray], Sequence[np.ndarray]], np.ndarray]
_TOP5_CLASSES = 5


@dataclass(frozen=True, slots=True)
class Scoring:
    """One metric of one task; plugins add theirs by entry points `boildown.metrics`.

    `right_or_wrong` scores are 0 or 1 and get exact-type intervals; of others the mean is told.
    """

    name: str
    task: str
    score: Score
    right_or_wrong: bool = False
    higher_is_better: bool = True
    #: With no more classes than this the metric says nothing and is left out.
    least_classes: int = 2


def class_scores(outputs: np.ndarray) -> np.ndarray:
    """Return outputs as (n, classes); DataError where they are no scores of classes."""
    scores: np.ndarray = outputs.reshape(outputs.shape[:2]) if _trailing_ones(outputs) else outputs
    if scores.ndim != 2 or scores.shape[1] < 2:  # noqa: PLR2004 - (samples, classes)
        raise DataError(
            f"classification needs an output of shape (samples, classes), the model's first "
            f"output has shape {('samples', *outputs.shape[1:])}"
        )
    return scores


def _trailing_ones(outputs: np.ndarray) -> bool:
    return outputs.ndim > 2 and all(length == 1 for length in outputs.shape[2:])  # noqa: PLR2004


def _rank(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return how many classes stand before the right one; equal scores rank by class number.

    That is what argmax does. NaN anywhere in a sample puts the right class last.
    """
    right = np.take_along_axis(scores, labels[:, None], axis=1)
    earlier = np.arange(scores.shape[1])[None] < labels[:, None]
    rank = ((scores > right) | ((scores == right) & earlier)).sum(axis=1)
    ranked: np.ndarray = np.where(np.isnan(scores).any(axis=1), scores.shape[1], rank)
    return ranked


def top1(outputs: Sequence[np.ndarray], truth: Sequence[np.ndarray]) -> np.ndarray:
    """Return 1 where the right class has the greatest score, else 0."""
    return (_rank(class_scores(outputs[0]), truth[0]) < 1).astype(np.float64)


def top5(outputs: Sequence[np.ndarray], truth: Sequence[np.ndarray]) -> np.ndarray:
    """Return 1 where the right class is among the five greatest scores, else 0."""
    return (_rank(class_scores(outputs[0]), truth[0]) < _TOP5_CLASSES).astype(np.float64)


METRICS: tuple[Scoring, ...] = (
    Scoring("top1", CLASSIFICATION, top1, right_or_wrong=True),
    Scoring("top5", CLASSIFICATION, top5, right_or_wrong=True, least_classes=6),
)
