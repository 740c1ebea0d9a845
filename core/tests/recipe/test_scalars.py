"""Unquoted words under the core schema of YAML 1.2."""

from __future__ import annotations

import pytest
from boildown.recipe.scalars import resolve_scalar


@pytest.mark.parametrize("word", ["", "~", "null", "Null", "NULL"])
def test_nothing_is_written_in_five_ways(word: str) -> None:
    assert resolve_scalar(word) is None


@pytest.mark.parametrize(
    ("word", "value"), [("true", True), ("True", True), ("TRUE", True), ("false", False)]
)
def test_true_and_false_are_the_only_truth_values(word: str, value: object) -> None:
    assert resolve_scalar(word) is value


@pytest.mark.parametrize(
    "word",
    [
        *("off", "on", "yes", "no", "y", "tRUE", "nULL"),
        *("2026-01-01", "12:30:45", "1_000", "0b11", "+0x10", "0o8", "1e", ".", "-", "e3", "1.2.3"),
        *("inf", "nan", "infinity", "+.nan", "1,5", "०१"),
    ],
)
def test_words_that_older_yaml_turned_into_something_else_stay_text(word: str) -> None:
    assert resolve_scalar(word) == word


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("010", 10),
        ("-7", -7),
        ("+7", 7),
        ("0o17", 15),
        ("0xFf", 255),
        ("0", 0),
        ("9" * 15, 10**15 - 1),
    ],
)
def test_whole_numbers_are_decimal_even_behind_zeros(word: str, value: int) -> None:
    found = resolve_scalar(word)
    assert found == value
    assert isinstance(found, int)


@pytest.mark.parametrize(
    ("word", "value"),
    [("1e-3", 0.001), ("1.", 1.0), (".5", 0.5), ("-.5e1", -5.0), ("1E+2", 100.0), ("0.85", 0.85)],
)
def test_numbers_need_no_decimal_point_before_their_exponent(word: str, value: float) -> None:
    found = resolve_scalar(word)
    assert found == value
    assert isinstance(found, float)


@pytest.mark.parametrize("word", [".inf", "-.Inf", "+.INF", ".nan", ".NaN", ".NAN"])
def test_numbers_that_are_not_finite_are_refused(word: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        resolve_scalar(word)


@pytest.mark.parametrize("word", ["1e999", "-1e999", "9" * 17, "9" * 100_000, "0x" + "f" * 20])
def test_numbers_too_large_to_be_exact_are_refused(word: str) -> None:
    with pytest.raises(ValueError, match="too large") as refused:
        resolve_scalar(word)
    assert len(str(refused.value)) < 80
