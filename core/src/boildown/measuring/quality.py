"""Quality of stored outputs: metrics with intervals, paired with the float model's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..comparison.schema import Interval, Metric, Quality
from ..errors import DataError
from .fidelity import agreement, check_same_samples, open_output, slices, sqnr_db
from .metrics import METRICS, Scoring, class_scores
from .statistics import mean_interval, paired_difference_interval, wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .requests import Outputs

_CLASSIFICATION = "classification"


def quality(
    outputs: Outputs,
    baseline: Outputs | None,
    *,
    task: str,
    measured_on: str,
    metrics: Sequence[Scoring] = METRICS,
) -> Quality:
    """Judge `outputs` and compare them, sample by sample, with the float model's `baseline`.

    `baseline` None: these are the float model's own. `measured_on` says what ran, e.g.
    "LiteRT" or "ONNX form". Null figures have their reason in `reason` or beside the metric.
    Raises DataError where labels or shapes do not fit.
    """
    if baseline is not None:
        check_same_samples(outputs, baseline)
    reasons = [_not_finite(outputs)]
    closeness: dict[str, float | None] = {"agreement": None, "sqnr_db": None}
    if baseline is None:
        reasons.append("the float model itself: agreement, SQNR and differences do not apply")
    else:
        this, float_ = open_output(outputs), open_output(baseline)
        closeness["sqnr_db"], reason = sqnr_db(this, float_)
        reasons.append(reason)
        if task == _CLASSIFICATION:
            closeness["agreement"] = agreement(this, float_)
    wanted = [metric for metric in metrics if metric.task == task]
    if not wanted:
        reasons.append(f"no metric for the task {task!r} is installed")
    return Quality(
        task=task,
        measured_on=measured_on,
        metrics=tuple(
            _metric(metric, outputs, baseline)
            for metric in wanted
            if _enough_classes(metric, outputs)
        ),
        reason="; ".join(filter(None, reasons)),
        **closeness,
    )


def classes_of(outputs: Outputs) -> int:
    """Return the number of classes of a classifier's outputs; DataError if they are none."""
    return int(class_scores(open_output(outputs)[:1]).shape[1])


def _not_finite(outputs: Outputs) -> str:
    if not outputs.non_finite:
        return ""
    return (
        f"{outputs.non_finite} of {outputs.n} samples give NaN or infinite outputs; "
        f"samples with NaN count as wrong"
    )


def _enough_classes(metric: Scoring, outputs: Outputs) -> bool:
    return metric.task != _CLASSIFICATION or classes_of(outputs) >= metric.least_classes


def _metric(metric: Scoring, outputs: Outputs, baseline: Outputs | None) -> Metric:
    known: dict[str, object] = {
        "name": metric.name,
        "n": outputs.n,
        "higher_is_better": metric.higher_is_better,
    }
    if outputs.labels is None:
        return Metric.model_validate(known | {"value": None, "reason": "the data has no labels"})
    labels = np.load(outputs.labels, allow_pickle=False)
    if metric.task == _CLASSIFICATION:
        _check_labels(labels, classes_of(outputs))
    scores = _scores(metric, outputs, labels)
    known |= {"value": float(scores.mean()), "interval": _interval(metric, scores)}
    if baseline is not None:
        before = _scores(metric, baseline, labels)
        known |= {
            "difference": float((scores - before).mean()),
            "difference_interval": _difference_interval(metric, scores, before),
        }
    return Metric.model_validate(known)


def _scores(metric: Scoring, outputs: Outputs, labels: np.ndarray) -> np.ndarray:
    arrays = [open_output(outputs, index) for index in range(len(outputs.names))]
    parts = [metric.score(part[:-1], part[-1]) for part in slices(*arrays, labels)]
    return np.concatenate(parts).astype(np.float64)


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
