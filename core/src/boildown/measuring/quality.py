"""Quality of stored outputs: metrics with intervals, paired with the float model's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..comparison.schema import Quality
from ..plugins.values import CLASSIFICATION
from .fidelity import agreement, check_same_samples, least_sqnr_db, open_output
from .installed import Installed, installed_metrics
from .judging import classes_of, judged, no_baseline
from .requests import Failure, Outputs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .metrics import Scoring


def quality(
    outputs: Outputs,
    baseline: Outputs | Failure | None,
    *,
    task: str,
    measured_on: str,
    metrics: Sequence[Scoring] | None = None,
) -> Quality:
    """Judge `outputs` and compare them, sample by sample, with the float model's `baseline`.

    `baseline` None: these are the float model's own; a Failure: why it has none. `measured_on`
    says what ran, e.g. "LiteRT" or "ONNX form"; `metrics` None: all that are installed. Null
    figures have their reason in `reason` or beside the metric. Raises DataError where labels or
    shapes do not fit.
    """
    if isinstance(baseline, Outputs):
        check_same_samples(outputs, baseline)
    installed = installed_metrics() if metrics is None else Installed(tuple(metrics), ())
    reasons = [not_finite(outputs)]
    lowest = ""
    closeness: dict[str, float | None] = {"agreement": None, "sqnr_db": None, "identical": None}
    if baseline is None:
        reasons.append("the float model itself: agreement, SQNR and differences do not apply")
    elif isinstance(baseline, Failure):
        reasons.append(f"no agreement, SQNR or difference: {no_baseline(baseline)}")
    else:
        ratio, reason, lowest = least_sqnr_db(outputs, baseline)
        reasons.append(reason)
        closeness["identical"] = ratio == math.inf
        closeness["sqnr_db"] = None if ratio == math.inf else ratio  # JSON has no infinity
        if task == CLASSIFICATION:
            closeness["agreement"] = agreement(open_output(outputs), open_output(baseline))
        else:
            reasons.append(f"no agreement: the task {task!r} has no classes")
    wanted = [metric for metric in installed.metrics if metric.task == task]
    if not wanted:
        reasons.append(f"no metric for the task {task!r} is installed")
    return Quality(
        task=task,
        measured_on=measured_on,
        metrics=tuple(
            judged(metric, outputs, baseline)
            for metric in wanted
            if _enough_classes(metric, outputs)
        ),
        sqnr_output=lowest,
        non_finite=outputs.non_finite,
        reason="; ".join(filter(None, [*reasons, *installed.broken])),
        **closeness,
    )


def not_finite(outputs: Outputs) -> str:
    """Say how many samples give no numbers; empty where all do."""
    if not outputs.non_finite:
        return ""
    return (
        f"{outputs.non_finite} of {outputs.n} samples give NaN or infinite outputs; "
        f"samples with NaN count as wrong"
    )


def _enough_classes(metric: Scoring, outputs: Outputs) -> bool:
    return metric.task != CLASSIFICATION or classes_of(outputs) >= metric.least_classes
