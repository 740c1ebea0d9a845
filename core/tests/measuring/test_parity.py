from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from boildown import DataError
from boildown.measuring.parity import SAME_FILE, parity

Store = Callable[..., Any]
SCORES = np.random.default_rng(0).standard_normal((40, 6))


def test_equal_outputs_have_no_difference(store: Store) -> None:
    found = parity(store("native", SCORES), store("onnx", SCORES))
    assert (found.max_abs_difference, found.top1_agreement, found.n) == (0, 1, 40)


def test_the_largest_difference_and_changed_classes_are_found(store: Store) -> None:
    other = SCORES.copy()
    other[3] = np.roll(other[3], 1)
    other[5, 2] += 10
    found = parity(store("native", other), store("onnx", SCORES))
    assert found.max_abs_difference == pytest.approx(10, abs=1e-5)
    assert found.top1_agreement == pytest.approx(38 / 40)


def test_the_first_samples_are_compared_where_one_ran_on_fewer(store: Store) -> None:
    found = parity(store("native", SCORES), store("onnx", SCORES[:8]))
    assert (found.max_abs_difference, found.n) == (0, 8)


def test_nan_in_one_of_them_is_a_reason_and_in_both_is_none(store: Store) -> None:
    broken = SCORES.copy()
    broken[0, 0] = np.nan
    one = parity(store("a", broken), store("b", SCORES))
    assert one.max_abs_difference is None
    assert "where the other does not" in one.reason
    both = parity(store("c", broken), store("d", broken))
    assert (both.max_abs_difference, both.reason) == (0, "")


def test_other_shapes_mean_another_network(store: Store) -> None:
    with pytest.raises(DataError, match="another network"):
        parity(store("a", SCORES), store("b", SCORES[:, :3]))


def test_other_tasks_have_no_top1(store: Store) -> None:
    found = parity(store("a", SCORES), store("b", SCORES), task="depth")
    assert found.top1_agreement is None


def test_one_file_is_not_compared_with_itself() -> None:
    assert SAME_FILE.max_abs_difference is None
    assert "one file" in SAME_FILE.reason
