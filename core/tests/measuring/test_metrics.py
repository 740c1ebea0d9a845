from __future__ import annotations

import numpy as np
import pytest
from boildown import DataError
from boildown.measuring.metrics import METRICS, class_scores, top1, top5

SCORES = np.array([[0.1, 0.9, 0.0], [0.5, 0.2, 0.3], [0.0, 0.1, 0.2]])


def test_top1_is_right_where_the_label_has_the_greatest_score() -> None:
    assert top1([SCORES], [np.array([1, 1, 2])]).tolist() == [1, 0, 1]


def test_top5_counts_the_five_greatest_scores() -> None:
    scores = np.arange(8.0)[None].repeat(8, axis=0)
    assert top5([scores], [np.arange(8)]).tolist() == [0, 0, 0, 1, 1, 1, 1, 1]


def test_of_equal_scores_the_first_class_wins_as_with_argmax() -> None:
    scores = np.zeros((3, 3))
    assert top1([scores], [np.arange(3)]).tolist() == [1, 0, 0]


@pytest.mark.parametrize("classes", [2, 6, 50])
def test_top1_and_top5_agree_with_sorting(classes: int) -> None:
    rng = np.random.default_rng(classes)
    scores, labels = rng.integers(0, 4, (200, classes)) / 4, rng.integers(0, classes, 200)
    order = np.argsort(-scores, axis=1, kind="stable")
    assert np.array_equal(top1([scores], [labels]), order[:, 0] == labels)
    assert np.array_equal(top5([scores], [labels]), (order[:, :5] == labels[:, None]).any(axis=1))


def test_a_sample_with_nan_is_wrong_even_where_argmax_would_hit() -> None:
    scores = np.array([[np.nan, 0.0], [0.0, np.nan], [1.0, 0.0]])
    assert scores.argmax(axis=1).tolist() == [0, 1, 0]
    assert top1([scores], [np.array([0, 1, 0])]).tolist() == [0, 0, 1]
    assert top5([np.full((1, 9), np.nan)], [np.array([0])]).tolist() == [0]


def test_infinite_scores_are_ordered_like_numbers() -> None:
    assert top1([np.array([[-np.inf, 0.0], [np.inf, 0.0]])], [np.array([1, 0])]).tolist() == [1, 1]


def test_trailing_axes_of_length_one_are_dropped() -> None:
    assert class_scores(np.zeros((2, 7, 1, 1))).shape == (2, 7)


@pytest.mark.parametrize("shape", [(4,), (4, 1), (4, 3, 8, 8)])
def test_other_shapes_are_no_class_scores(shape: tuple[int, ...]) -> None:
    with pytest.raises(DataError, match="shape"):
        class_scores(np.zeros(shape))


def test_top5_needs_more_than_five_classes() -> None:
    assert {metric.name: metric.least_classes for metric in METRICS} == {"top1": 2, "top5": 6}
