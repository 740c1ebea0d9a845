"""One metric over stored outputs: the mean of its scores, its interval, its paired difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..comparison.schema import Interval, Metric
from ..errors import DataError
from ..plugins.values import CLASSIFICATION
from .fidelity import open_output, slices
from .metrics import Scoring, class_scores
from .requests import Failure
from .statistics import mean_interval, paired_difference_interval, wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .requests import Outputs


def classes_of(outputs: Outputs) -> int:
    """Return the number of classes of a classifier's outputs; DataError if they are none."""
    return int(class_scores(open_output(outputs)[:1]).shape[1])


def no_baseline(failure: Failure) -> str:
    """Return why nothing can be held against the float model's outputs."""
    return f"the float model could not be run: {failure.reason}"


def judged(metric: Scoring, outputs: Outputs, baseline: Outputs | Failure | None) -> Metric:
    """Score every sample, and hold the scores against those of the float model's outputs.

    Without a truth, or where the metric fails, the figure is null with the reason; the difference
    alone where there are no outputs of the float model. Raises DataError where labels are no
    classes of the model.
    """
    known: dict[str, object] = {
        "name": metric.name,
        "n": outputs.n if outputs.truth else 0,
        "higher_is_better": metric.higher_is_better,
    }
    if not outputs.truth:
        return Metric.model_validate(known | {"value": None, "reason": "the data has no labels"})
    if metric.task == CLASSIFICATION:
        _check_labels(np.load(outputs.truth[0], allow_pickle=False), classes_of(outputs))
    try:
        if isinstance(baseline, Failure):
            known["reason"] = no_baseline(baseline)
            baseline = None
        return Metric.model_validate({**known, **_figures(metric, outputs, baseline)})
    except Exception as error:  # noqa: BLE001 - a plugin's own code and scores
        reason = f"the metric failed ({type(error).__name__}: {error})"
        return Metric.model_validate(known | {"value": None, "reason": reason})


def _figures(
    metric: Scoring, outputs: Outputs, baseline: Outputs | None
) -> dict[str, float | Interval | None]:
    """Return mean and difference with their intervals; ValueError where one is not finite."""
    scores = _scores(metric, outputs)
    before = None if baseline is None else _scores(metric, baseline)
    found: dict[str, float | Interval | None] = {}
    with np.errstate(over="ignore", invalid="ignore"):
        found |= {"value": float(scores.mean()), "interval": _interval(metric, scores)}
        if before is not None:
            found["difference"] = float((scores - before).mean())
            found["difference_interval"] = _difference_interval(metric, scores, before)
    for name, figure in found.items():
        if figure is not None and not np.isfinite(figure).all():
            raise ValueError(f"the {name.replace('_', ' ')} of its scores is no finite number")
    return found


def _scores(metric: Scoring, outputs: Outputs) -> np.ndarray:
    """Return one number a sample; of outputs whose truth is not in the data nothing is told."""
    chosen = [
        index
        for index, name in enumerate(outputs.names)
        if not outputs.truths or name in outputs.truths
    ]
    arrays = [open_output(outputs, index) for index in chosen]
    truth = [np.load(file, mmap_mode="r", allow_pickle=False) for file in outputs.truth]
    if metric.task != CLASSIFICATION and len(truth) == len(arrays):
        truth = [_like(*pair) for pair in zip(truth, arrays, strict=True)]
    parts = [
        _one_a_sample(metric.score(part[: len(arrays)], part[len(arrays) :]), len(part[0]))
        for part in slices(*arrays, *truth)
    ]
    scores: np.ndarray = np.concatenate(parts)
    if not np.isfinite(scores).all():
        missed = int((~np.isfinite(scores)).sum())
        raise ValueError(f"{missed} of {len(scores)} samples have a score that is no finite number")
    if metric.right_or_wrong and (missed := int((~np.isin(scores, (0, 1))).sum())):
        raise ValueError(f"{missed} of {len(scores)} samples are neither right (1) nor wrong (0)")
    return scores


def _like(truth: np.ndarray, output: np.ndarray) -> np.ndarray:
    """Return truth in the shape of its output where both have as many numbers.

    One number a sample, (N,), against (N, 1) would make N x N differences, and an average of them.
    """
    return truth.reshape(output.shape) if truth.size == output.size else truth


def _one_a_sample(scores: Sequence[float] | np.ndarray, n: int) -> np.ndarray:
    found = np.asarray(scores, dtype=np.float64)
    if found.shape != (n,):
        raise ValueError(f"it gives scores of shape {found.shape} for {n} samples, not ({n},)")
    return found


def _interval(metric: Scoring, scores: np.ndarray) -> Interval | None:
    if metric.right_or_wrong:
        return wilson(float(scores.sum()), len(scores))
    return mean_interval(scores)


def _difference_interval(
    metric: Scoring, scores: np.ndarray, before: np.ndarray
) -> Interval | None:
    if metric.right_or_wrong:
        gained, lost = int((scores > before).sum()), int((scores < before).sum())
        return paired_difference_interval(gained, lost, len(scores))
    return mean_interval(scores - before)


def _check_labels(labels: np.ndarray, classes: int) -> None:
    wrong = np.flatnonzero((labels < 0) | (labels >= classes))
    if len(wrong):
        raise DataError(
            f"label {labels[wrong[0]]} of test sample {wrong[0]} is no class of the model, which "
            f"has the classes 0 to {classes - 1} ({len(wrong)} of {len(labels)} labels are "
            f"outside); use data whose labels count the model's outputs from 0"
        )
