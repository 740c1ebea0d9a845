from __future__ import annotations

import pytest
from boildown.comparison.schema import Comparison
from boildown.errors import UsageError
from boildown.report.selection import find_row


@pytest.mark.parametrize("number", [1, 7, 18])
def test_a_row_is_found_by_the_number_in_the_table(comparison: Comparison, number: int) -> None:
    view = find_row(comparison, str(number))
    assert (view.number, view.row) == (number, comparison.results[number - 1])


def test_a_model_with_slashes_is_found_by_name(comparison: Comparison) -> None:
    name = f"{comparison.models[1].uri}/distill-half/onnxruntime"
    assert find_row(comparison, name).number == 11


@pytest.mark.parametrize("number", ["0", "19", "007000"])
def test_a_number_that_no_row_has_names_the_numbers_there_are(
    comparison: Comparison, number: str
) -> None:
    with pytest.raises(UsageError, match="rows are numbered from 1 to 18"):
        find_row(comparison, number)


def test_an_empty_comparison_has_no_numbers(comparison: Comparison) -> None:
    with pytest.raises(UsageError, match="it has no rows"):
        find_row(comparison.model_copy(update={"results": ()}), "1")


@pytest.mark.parametrize("wanted", ["", "-1", "int8-static", "\u00b2"])
def test_anything_else_is_answered_with_what_to_give(comparison: Comparison, wanted: str) -> None:
    with pytest.raises(UsageError, match="Give a number from 1 to 18, or model/recipe/backend"):
        find_row(comparison, wanted)


def test_a_name_of_two_rows_asks_for_a_number(comparison: Comparison) -> None:
    twice = comparison.model_copy(update={"results": comparison.results[:1] * 2})
    with pytest.raises(UsageError, match="names rows 1-2"):
        find_row(twice, "zoo:mobilenet_v2/int8-static/onnxruntime")
