"""Baselines of several runs as one."""

from __future__ import annotations

import pytest
from boildown.comparison.baselines import baselines
from boildown.comparison.schema import Comparison, ModelRecord


@pytest.fixture
def measured(comparison: Comparison) -> ModelRecord:
    """A record with every figure."""
    return comparison.models[0]


def without(record: ModelRecord, **more: str | None) -> ModelRecord:
    """Return what a run says that did not measure."""
    why = "measuring was not asked for"
    nothing = {"quality": None, "speed": None, "memory": None, "reason": why, **more}
    lacking = {"deflated_bytes": None, "bits_per_weight": None, "reason": why}
    size = record.baseline.size.model_copy(update=lacking)
    baseline = record.baseline.model_copy(update={**nothing, "size": size})
    return record.model_copy(
        update={"parameters": None, "macs": None, "reason": why, "baseline": baseline}
    )


def test_what_a_later_run_did_not_measure_stays_what_it_was(measured: ModelRecord) -> None:
    full = measured.model_copy(
        update={"baseline": measured.baseline.model_copy(update={"reason": ""}), "reason": ""}
    )
    assert baselines([full, without(full)]) == (full,)
    assert baselines([without(full), full]) == (full,)


def test_a_reason_stays_where_a_figure_is_null_in_both(measured: ModelRecord) -> None:
    (found,) = baselines([without(measured), without(measured)])
    assert found.baseline.reason == found.reason == "measuring was not asked for"


def test_the_last_figure_counts_where_both_have_one(measured: ModelRecord) -> None:
    size = measured.baseline.size.model_copy(update={"deflated_bytes": 7})
    later = measured.model_copy(
        update={"baseline": measured.baseline.model_copy(update={"size": size})}
    )
    assert baselines([measured, later]) == (later,)


def test_a_record_without_any_test_is_left_out_beside_the_one_with(measured: ModelRecord) -> None:
    bare = without(measured).model_copy(update={"test_sha256": ""})
    assert baselines([measured, bare]) == baselines([bare, measured]) == (measured,)
    assert baselines([bare]) == (bare,)
    other = measured.model_copy(update={"test_sha256": "other"})
    assert baselines([measured, other, bare]) == (measured, other, bare)


def test_what_a_later_run_could_not_measure_takes_nothing_away(measured: ModelRecord) -> None:
    whole = measured.baseline
    assert whole.quality is not None
    assert whole.speed is not None
    assert whole.memory is not None
    metrics = tuple(m.model_copy(update={"value": None}) for m in whole.quality.metrics)
    lost = {
        "quality": whole.quality.model_copy(update={"metrics": metrics, "reason": "no labels"}),
        "speed": whole.speed.model_copy(update={"latency_ms": None, "reason": "timeout"}),
        "memory": whole.memory.model_copy(update={"peak_rss_bytes": None, "reason": "timeout"}),
    }
    later = measured.model_copy(update={"baseline": whole.model_copy(update=lost)})
    (found,) = baselines([measured, later])
    assert (found.baseline.quality, found.baseline.speed) == (whole.quality, whole.speed)
    assert found.baseline.memory == whole.memory
    # With nothing better the reason of the last try stays.
    (found,) = baselines([without(measured), later])
    assert (found.baseline.speed, found.baseline.memory) == (lost["speed"], lost["memory"])
