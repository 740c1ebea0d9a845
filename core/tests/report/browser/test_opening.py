"""What opens a row: its line, its button and its address; marking words to copy does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

Open = Callable[..., "Page"]
RECIPE = "#row-{} th[data-label]"
MARK = "(element) => getSelection().selectAllChildren(element)"
CLICK = "(element) => element.click()"


def test_words_marked_elsewhere_do_not_keep_a_row_closed(opened: Open) -> None:
    page = opened()
    for number, marked in (("1", "h1"), ("2", RECIPE.format(3))):
        page.locator(marked).evaluate(MARK)
        page.locator(RECIPE.format(number)).evaluate(CLICK)
        assert page.locator(f"#job-{number}").is_visible()


def test_words_marked_in_a_row_keep_it_closed_but_not_from_its_button(opened: Open) -> None:
    page = opened()
    page.locator(RECIPE.format(3)).evaluate(MARK)
    page.locator(RECIPE.format(3)).evaluate(CLICK)
    assert not page.locator("#job-3").is_visible()
    page.locator("#row-3 .number button").press("Enter")
    assert page.locator("#job-3").is_visible()
    assert page.evaluate("String(getSelection())") != ""


def test_an_address_that_changes_leads_to_its_row_even_behind_a_filter(opened: Open) -> None:
    page = opened()
    page.get_by_label("Backend", exact=True).select_option("tflite")
    page.evaluate("location.hash = '#row-5'")
    page.locator("#job-5").wait_for()
    assert page.get_by_role("status").text_content() == "18 of 18 rows"
