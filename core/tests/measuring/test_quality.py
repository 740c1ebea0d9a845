from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from boildown import DataError
from boildown.comparison.schema import Metric, Quality
from boildown.measuring.judging import classes_of
from boildown.measuring.metrics import Scoring
from boildown.measuring.quality import quality
from boildown.measuring.requests import Failure
from boildown.measuring.statistics import Z

Store = Callable[..., Any]
LABELS = np.arange(100) % 10
RIGHT = np.eye(10)[LABELS]


def judge(outputs: Any, baseline: Any = None, task: str = "classification", **more: Any) -> Quality:
    return quality(outputs, baseline, task=task, measured_on="ONNX Runtime", **more)


def metric(judged: Quality, name: str) -> Metric:
    return next(found for found in judged.metrics if found.name == name)


def wrong_in(count: int) -> np.ndarray:
    scores = RIGHT.copy()
    scores[:count] = np.roll(scores[:count], 1, axis=1)
    return scores


def test_the_float_model_has_accuracy_and_no_differences(store: Store) -> None:
    judged = judge(store("float", wrong_in(10), LABELS))
    top1 = metric(judged, "top1")
    assert (top1.value, top1.n, top1.difference, top1.difference_interval) == (0.9, 100, None, None)
    assert top1.interval == pytest.approx((0.8256, 0.9448), abs=1e-4)
    assert judged.agreement is judged.sqnr_db is judged.identical is None
    assert "float model itself" in judged.reason


def test_a_float_model_that_could_not_be_run_is_the_reason_of_no_difference(store: Store) -> None:
    late = Failure(status="timeout", reason="it took more than 1 s")
    judged = judge(store("this", wrong_in(10), LABELS), late)
    said, top1 = "the float model could not be run: it took more than 1 s", metric(judged, "top1")
    assert (top1.value, top1.difference, top1.reason) == (0.9, None, said)
    assert judged.reason == f"no agreement, SQNR or difference: {said}"
    assert judged.agreement is judged.sqnr_db is judged.identical is None


def test_differences_are_paired_by_sample(store: Store) -> None:
    judged = judge(store("this", wrong_in(15), LABELS), store("float", wrong_in(10), LABELS))
    top1 = metric(judged, "top1")
    assert top1.difference == pytest.approx(-0.05)
    assert top1.difference_interval is not None
    low, high = top1.difference_interval
    assert (low, high) == pytest.approx((-0.1118, -0.0085), abs=0.005)
    assert judged.agreement == 0.95


def test_identical_outputs_differ_by_exactly_nothing(store: Store) -> None:
    judged = judge(store("a", wrong_in(10), LABELS), store("b", wrong_in(10), LABELS))
    top1, bound = metric(judged, "top1"), Z**2 / (100 + Z**2)
    assert top1.difference == 0
    assert top1.difference_interval == pytest.approx((-bound, bound))
    assert judged.agreement == 1
    assert (judged.sqnr_db, judged.identical) == (None, True)
    assert "identical" in judged.reason


def test_without_labels_there_is_agreement_and_sqnr_but_no_accuracy(store: Store) -> None:
    this = wrong_in(20) + 0.01
    judged = judge(store("this", this), store("float", RIGHT))
    assert {(m.name, m.value, m.n, m.reason) for m in judged.metrics} == {
        ("top1", None, 0, "the data has no labels"),
        ("top5", None, 0, "the data has no labels"),
    }
    assert judged.agreement == 0.8
    assert judged.sqnr_db is not None


def test_nan_outputs_are_wrong_and_said(store: Store) -> None:
    broken = RIGHT.copy()
    broken[:30] = np.nan
    judged = judge(store("this", broken, LABELS), store("float", RIGHT, LABELS))
    assert metric(judged, "top1").value == 0.7
    assert judged.agreement == 0.7
    assert judged.identical is False
    assert "30 of 100 samples give NaN" in judged.reason
    assert "no SQNR" in judged.reason


def test_five_classes_have_no_top5_and_six_have(store: Store) -> None:
    labels = np.arange(20) % 5
    five = judge(store("five", np.eye(5)[labels], labels))
    six = judge(store("six", np.eye(6)[labels], labels))
    assert [m.name for m in five.metrics] == ["top1"]
    assert [m.name for m in six.metrics] == ["top1", "top5"]


@pytest.mark.parametrize("wrong", [-1, 10])
def test_labels_that_are_no_class_of_the_model_are_an_error(store: Store, wrong: int) -> None:
    labels = LABELS.copy()
    labels[7] = wrong
    with pytest.raises(DataError, match=f"label {wrong} of test sample 7.*0 to 9.*1 of 100"):
        judge(store("this", RIGHT, labels))


def test_an_unknown_task_still_has_sqnr(store: Store) -> None:
    judged = judge(store("a", RIGHT + 0.1), store("b", RIGHT), task="depth")
    assert judged.metrics == ()
    assert judged.agreement is None
    assert "no agreement: the task 'depth' has no classes" in judged.reason
    assert judged.sqnr_db == pytest.approx(10 * np.log10(0.09 / 0.01), abs=1e-5)
    assert "no metric for the task 'depth'" in judged.reason


def test_which_output_is_the_furthest_off_is_no_reason_of_a_null(store: Store) -> None:
    this = store("this", RIGHT + 0.1, None, RIGHT + 0.2)
    judged = judge(this, store("float", RIGHT, None, RIGHT), metrics=[])
    assert judged.sqnr_output == "y1"
    assert judged.reason == "no metric for the task 'classification' is installed"


def test_a_metric_of_any_kind_can_be_added(store: Store) -> None:
    def error(outputs: Any, truth: Any) -> Any:
        return np.abs(outputs[1][:, 0] - truth[0])

    extra = Scoring("error", "depth", error, right_or_wrong=False, higher_is_better=False)
    off = LABELS[:, None] + np.tile([[0.0], [2.0]], (50, 1))
    this = store("this", RIGHT, LABELS, off)
    found = judge(this, store("float", RIGHT, LABELS, off + 1), "depth", metrics=[extra]).metrics[0]
    assert (found.value, found.difference, found.higher_is_better) == (1, -1, False)
    assert found.interval == pytest.approx((1 - Z / 9.95, 1 + Z / 9.95), abs=1e-3)
    assert found.difference_interval == (-1, -1)


@pytest.mark.parametrize("shape", [(100,), (100, 1), (100, 1, 1)])
def test_a_truth_in_another_shape_is_held_against_its_own_sample(
    store: Store, shape: tuple[int, ...]
) -> None:
    def error(outputs: Any, truth: Any) -> Any:
        return np.abs(outputs[0] - truth[0]).reshape(len(outputs[0]), -1).mean(axis=1)

    ages = np.arange(100.0)
    metrics = [Scoring("error", "age", error, higher_is_better=False)]
    this = store("this", ages[:, None] + 2, ages.reshape(shape))
    (found,) = judge(this, None, "age", metrics=metrics).metrics
    assert found.value == 2


@pytest.mark.parametrize(
    ("scores", "right_or_wrong", "said"),
    [
        ([2.0], True, "100 of 100 samples are neither right (1) nor wrong (0)"),
        ([0.0, 0.5], True, "50 of 100 samples are neither right (1) nor wrong (0)"),
        ([0.0, 1e200], False, "the interval of its scores is no finite number"),
        ([1.7e308], False, "the value of its scores is no finite number"),
        ([np.nan, 1.0], False, "50 of 100 samples have a score that is no finite number"),
    ],
)
def test_scores_that_give_no_figure_are_null_and_say_why(
    store: Store, *, scores: list[float], right_or_wrong: bool, said: str
) -> None:
    odd = Scoring("odd", "depth", lambda *_: np.resize(scores, 100), right_or_wrong=right_or_wrong)
    pair = store("this", RIGHT, LABELS), store("float", RIGHT, LABELS)
    (found,) = judge(*pair, "depth", metrics=[odd]).metrics
    assert (found.value, found.interval, found.difference) == (None, None, None)
    assert said in found.reason


def test_an_error_of_boildown_in_a_metric_of_a_plugin_ends_nothing(store: Store) -> None:
    def strict(*_: Any) -> Any:
        raise DataError("no depth in there")

    metrics = [Scoring("strict", "depth", strict)]
    (found,) = judge(store("this", RIGHT, LABELS), None, "depth", metrics=metrics).metrics
    assert found.reason == "the metric failed (DataError: no depth in there)"


def test_classes_are_counted(store: Store) -> None:
    assert classes_of(store("a", np.zeros((4, 7, 1, 1)))) == 7
