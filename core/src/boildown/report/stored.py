"""Tell which rows of a stored run have a model, and outputs of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..comparison.facts import INPUT, OUTPUT
from ..comparison.stored import golden_arrays
from ..errors import UsageError
from .text import clean

if TYPE_CHECKING:
    from pathlib import Path

    from ..comparison.schema import Deployable, Row
    from .view import View


def deployable_of(view: View) -> Deployable:
    """Return what the run says of the model of this row; UsageError where it has none."""
    if view.row.deployable is None:
        because = clean(view.row.reason) or "the run did not keep its model"
        raise UsageError(
            f"Row {view.number} has no model to export: it is {view.row.status}, {because}."
        )
    return view.row.deployable


def golden_samples(path: Path, row: Row) -> int | None:
    """Count the samples of a golden file; None where the run computed no outputs for one.

    Raises:
        UsageError: it is damaged, or missing although the row was measured.
    """
    if not path.exists() and why_no_outputs(row):
        return None
    counts = {name: array.shape[:1] for name, array in golden_arrays(path).items()}
    sides = [any(name.startswith(side) for name in counts) for side in (INPUT, OUTPUT)]
    if not all(sides) or len(set(counts.values())) != 1 or () in counts.values():
        raise UsageError(
            f"{path} does not hold the same number of inputs and outputs; it is damaged. "
            "Run `boildown compare` again."
        )
    return int(next(iter(counts.values()))[0])


def why_no_outputs(row: Row) -> str:
    """Return why the run has no outputs of this model; empty where it has."""
    quality = row.quality
    if quality is None:
        return row.reason or "the run did not measure this model"
    if quality.agreement is None and all(metric.value is None for metric in quality.metrics):
        return quality.reason or "the run computed no outputs"
    return ""
