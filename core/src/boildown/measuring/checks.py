"""Judgements on measured figures that stop a run or warn its reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import DataError
from ..plugins.values import Warned

if TYPE_CHECKING:
    from ..comparison.schema import Metric, Quality
    from ..recipe.recipe import Expect


def metric_of(quality: Quality, name: str) -> Metric | None:
    """Return the metric called `name`, None where the task has none."""
    return next((metric for metric in quality.metrics if metric.name == name), None)


def near_chance(quality: Quality, classes: int) -> Warned | None:
    """Warn of a float model that hardly guesses: preprocessing or labels are likely wrong.

    The bound is three times chance; with few classes, where that is nearly or more than
    certainty, it is half way from chance to certainty.
    """
    top1 = metric_of(quality, "top1")
    if top1 is None or top1.value is None:
        return None
    bound = min(3 / classes, (1 + 1 / classes) / 2)
    if top1.value >= bound:
        return None
    return Warned(
        code="NEAR_CHANCE",
        text=f"the float model's top-1 is {top1.value:.3f} (n {top1.n}), chance among {classes} "
        f"classes is {1 / classes:.3f}: preprocessing, labels or their order are likely wrong "
        f"(see the recipe's `input:`); all differences on this row mean little",
    )


def check_expectation(quality: Quality, expect: Expect) -> None:
    """Raise DataError if the float model misses `expect` by more than chance explains.

    Missed is: the whole 95 % interval lies below top1 - tolerance. So a small `--samples` does
    not stop a good model.
    """
    top1 = metric_of(quality, "top1")
    if top1 is None or top1.value is None or top1.interval is None:
        why = top1.reason if top1 else quality.reason or "the task has no top-1"
        raise DataError(f"expect.top1 is {expect.top1:g} but there is no top-1 to check: {why}")
    if top1.interval[1] < expect.top1 - expect.tolerance:
        raise DataError(
            f"the float model reaches a top-1 of {top1.value:.4f} (n {top1.n}, 95 % interval "
            f"{top1.interval[0]:.4f} to {top1.interval[1]:.4f}), but expect.top1 is "
            f"{expect.top1:g} with tolerance {expect.tolerance:g}; check the preprocessing "
            f"(`input:`), the labels and their order, or correct `expect:`"
        )
