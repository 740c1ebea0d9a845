"""Which of several metrics tables, plots and ranking go by."""

from __future__ import annotations

from boildown.comparison.schema import Comparison, Metric, ModelRecord, Quality
from boildown.report.metric import primary
from boildown.report.standing import standings
from boildown.report.table import plain

FAILED = Metric(name="a", value=None, n=50, reason="the metric failed (KeyError: 1)")
KNOWN = Metric(name="b", value=12.5, n=50, difference=0.25, difference_interval=(0.1, 0.4))


def of(*metrics: Metric) -> Quality:
    return Quality(task="regression", measured_on="ONNX Runtime", metrics=metrics)


def judged_by(small: Comparison, *metrics: Metric) -> Comparison:
    """Return the comparison with these metrics in its baseline and in every measured row."""
    baseline = small.models[0].baseline.model_copy(update={"quality": of(*metrics)})
    model = small.models[0].model_copy(update={"baseline": baseline})
    rows = tuple(
        row.model_copy(update={"quality": row.quality and of(*metrics)}) for row in small.results
    )
    return small.model_copy(update={"models": (model,), "results": rows})


def test_the_first_metric_with_a_value_is_shown_else_the_first() -> None:
    assert primary(of(FAILED, KNOWN)) is KNOWN
    assert primary(of(FAILED)) is FAILED
    assert primary(of()) is primary(None) is None


def test_a_broken_metric_hides_no_other(small: Comparison) -> None:
    found = judged_by(small, FAILED, KNOWN)
    assert "12.5" in plain(found, width=160)
    assert [standing.rank for standing in standings(found)][:2] == ["front", "front"]


def test_a_row_in_which_a_metric_fails_shows_no_other_under_its_name(small: Comparison) -> None:
    model: ModelRecord = judged_by(small, KNOWN).models[0]
    other = KNOWN.model_copy(update={"name": "c"})
    failed = KNOWN.model_copy(update={"value": None, "difference": None})
    assert primary(of(other, failed), model) is failed
    assert primary(of(other), model) is other
