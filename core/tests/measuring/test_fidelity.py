from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from boildown import DataError
from boildown.measuring import fidelity
from boildown.measuring.fidelity import (
    agreement,
    check_same_samples,
    least_sqnr_db,
    slices,
    sqnr_db,
)

Store = Callable[..., Any]
RNG = np.random.default_rng(0)
FLOAT = RNG.standard_normal((500, 10))


def test_noise_of_a_known_size_gives_the_analytic_sqnr() -> None:
    centred = FLOAT - FLOAT.mean(axis=0)
    noise = RNG.standard_normal(FLOAT.shape)
    noise *= 0.1 * np.linalg.norm(centred) / np.linalg.norm(noise)
    ratio, reason = sqnr_db(FLOAT + noise, FLOAT)
    assert ratio == pytest.approx(20, abs=1e-9)
    assert reason == ""


def test_sqnr_does_not_grow_with_an_offset_that_every_sample_has() -> None:
    noise = 0.01 * RNG.standard_normal(FLOAT.shape)
    offset = np.arange(10) * 100.0
    assert sqnr_db(FLOAT + offset + noise, FLOAT + offset)[0] == pytest.approx(
        sqnr_db(FLOAT + noise, FLOAT)[0], abs=1e-6
    )


def test_an_offset_of_the_compressed_outputs_counts_as_noise() -> None:
    expected = 10 * math.log10(FLOAT.var(axis=0).mean() / 0.25)
    assert sqnr_db(FLOAT + 0.5, FLOAT)[0] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(
    ("this", "baseline", "reason"),
    [
        (FLOAT, np.ones_like(FLOAT), "same for every sample"),
        (np.where(FLOAT > 2, np.nan, FLOAT), FLOAT, "not all finite"),
        (FLOAT, np.where(FLOAT > 2, np.inf, FLOAT), "not all finite"),
    ],
)
def test_where_there_is_no_sqnr_the_reason_is_said(
    this: np.ndarray, baseline: np.ndarray, reason: str
) -> None:
    ratio, said = sqnr_db(this, baseline)
    assert ratio is None
    assert reason in said


def test_identical_outputs_have_an_infinite_sqnr() -> None:
    ratio, said = sqnr_db(FLOAT, FLOAT)
    assert ratio == math.inf
    assert "identical" in said


NEAR, FAR = FLOAT + 0.01, FLOAT + 1


@pytest.mark.parametrize(
    ("second", "floats", "said"),
    [
        (np.full_like(FLOAT, -np.inf), FLOAT, "output 'y1': no SQNR: outputs are not all finite"),
        (np.full_like(FLOAT, np.nan), FLOAT, "output 'y1': no SQNR: outputs are not all finite"),
        (NEAR, np.zeros_like(FLOAT), "output 'y1': no SQNR: the float model's outputs are the"),
    ],
)
def test_one_output_that_cannot_be_told_leaves_no_lowest_of_several(
    store: Store, second: np.ndarray, floats: np.ndarray, said: str
) -> None:
    this, baseline = store("this", NEAR, None, second), store("float", FLOAT, None, floats)
    least, reason, _ = least_sqnr_db(this, baseline)
    assert least is None
    assert reason.startswith(said)


def test_the_lowest_of_several_is_told_beside_outputs_that_are_identical(store: Store) -> None:
    this = store("this", NEAR, None, FLOAT, FAR)
    baseline = store("float", FLOAT, None, FLOAT, FLOAT)
    least, reason, output = least_sqnr_db(this, baseline)
    assert least == pytest.approx(sqnr_db(FAR, FLOAT)[0], abs=1e-4)
    assert (reason, output) == ("", "y2")
    same = least_sqnr_db(baseline, baseline)
    assert (same.ratio, same.output) == (math.inf, "")


def test_agreement_is_the_share_of_equal_first_classes() -> None:
    other = FLOAT.copy()
    other[:100] = np.roll(other[:100], 1, axis=1)
    assert agreement(other, FLOAT) == 0.8
    assert agreement(FLOAT, FLOAT) == 1


def test_samples_with_nan_agree_with_nothing_not_even_with_each_other() -> None:
    broken = FLOAT.copy()
    broken[:50, 0] = np.nan
    assert agreement(broken, broken) == 0.9
    assert agreement(broken, FLOAT) <= 0.9


def test_figures_do_not_depend_on_the_size_of_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    other = FLOAT + 0.3 * RNG.standard_normal(FLOAT.shape)
    whole = agreement(other, FLOAT), sqnr_db(other, FLOAT)[0]
    monkeypatch.setattr(fidelity, "_SLICE_BYTES", 700)
    assert len(list(slices(FLOAT))) > 50
    assert (agreement(other, FLOAT), sqnr_db(other, FLOAT)[0]) == pytest.approx(whole, rel=1e-12)


def test_outputs_of_other_samples_are_refused(store: Store) -> None:
    labels = np.zeros(8)
    this = store("a", np.zeros((8, 3)), labels)
    with pytest.raises(DataError, match=r"\(8, 3\).*\(7, 3\)"):
        check_same_samples(this, store("b", np.zeros((7, 3)), labels[:7]))
    with pytest.raises(DataError, match="different labels"):
        check_same_samples(this, store("c", np.zeros((8, 3)), labels + 1))
    check_same_samples(this, store("d", np.ones((8, 3))))


def test_a_truth_that_is_not_known_of_a_sample_is_the_same_truth(store: Store) -> None:
    truth = np.array([1.0, np.nan, 3.0])
    this, other = (store(name, np.zeros((3, 1)), truth) for name in ("a", "b"))
    check_same_samples(this, other)
    with pytest.raises(DataError, match="different labels"):
        check_same_samples(this, store("c", np.zeros((3, 1)), np.array([np.nan, 1.0, 3.0])))
