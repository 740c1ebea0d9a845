"""What a filter on the table does to the plots and to what stands below them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from boildown.comparison.schema import Comparison
from boildown.report.page.page import to_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Open = Callable[..., "Page"]


@pytest.fixture
def shown(comparison: Comparison) -> Comparison:
    """The comparison with rows 1 and 2 far below the float32 input."""
    rows = list(comparison.results)
    for index in (0, 1):
        quality = rows[index].quality
        assert quality is not None
        first = quality.metrics[0].model_copy(update={"difference": -0.3})
        worse = quality.model_copy(update={"metrics": (first, *quality.metrics[1:])})
        rows[index] = rows[index].model_copy(update={"quality": worse})
    return comparison.model_copy(update={"results": tuple(rows)})


def points(page: Page) -> int:
    return page.locator("#plot-size .scatterlayer .points path").count()


def choose(page: Page, **filters: str) -> None:
    for label, value in filters.items():
        page.get_by_label(label.capitalize(), exact=True).select_option(value)


def told(page: Page, place: str) -> str:
    return page.locator(f"#{place}").text_content() or ""


def test_points_and_float_twins_are_those_of_the_rows_that_are_left(opened: Open) -> None:
    page = opened()
    before = points(page)
    choose(page, backend="tflite")
    # The three rows of the other backend, and its twin.
    assert points(page) == before - 4
    choose(page, status="timeout")
    assert points(page) == 1
    assert told(page, "left-out-size") == "The filter of the table leaves no row to plot here."
    page.get_by_role("button", name="Show all").click()
    assert points(page) == before
    assert told(page, "left-out-size") == ""


def test_the_filter_by_model_leads_the_plots_to_that_model(opened: Open) -> None:
    page = opened()
    second = page.locator("#row-11").get_attribute("data-model")
    choose(page, model=second or "")
    assert page.get_by_label("Model of the plots").input_value() == "1"
    assert told(page, "left-out-speed") == "Not measured here, so not in this plot: row 11."
    choose(page, recipe="int8-static")
    assert "row 11" not in told(page, "left-out-speed")


def test_rows_outside_of_what_is_shown_are_those_that_are_left(opened: Open) -> None:
    page = opened()
    page.get_by_label("Differences of").select_option("near")
    assert told(page, "outside-size") == "Outside of what is shown: rows 1, 2."
    choose(page, backend="tflite")
    assert told(page, "outside-size") == "Outside of what is shown: row 2."


def test_words_are_looked_for_in_a_name_that_the_page_does_not_repeat(
    browser: Browser, comparison: Comparison, tmp_path: Path
) -> None:
    model = comparison.models[0].uri
    rows = tuple(row for row in comparison.results if row.model == model)
    alone = comparison.model_copy(update={"results": rows, "models": comparison.models[:1]})
    (tmp_path / "one.html").write_text(to_page(alone, {}), encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "one.html").as_uri())
    page.locator("#filter-text").fill(model.split("/")[-1])
    assert page.get_by_role("status").text_content() == f"{len(rows)} of {len(rows)} rows"
    page.locator("#filter-text").fill("no such words")
    assert page.get_by_role("status").text_content() == f"0 of {len(rows)} rows"
    page.close()
