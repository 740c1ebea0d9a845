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
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
UNNAMED = """() => [...document.querySelectorAll("button, input, select")].filter((element) =>
    !(element.labels?.length || element.ariaLabel || element.textContent.trim())
).map((element) => element.outerHTML)"""
GROUNDS = """() => ["body", "#plot-size .main-svg"].map((place) => {
    const colour = getComputedStyle(document.querySelector(place)).backgroundColor;
    return colour.match(/\\d+/g).slice(0, 3).map(Number);
})"""
BLOCKED = """() => new Promise((done) => {
    const tell = (event) => done(event.violatedDirective);
    document.addEventListener("securitypolicyviolation", tell, { once: true });
    new Image().src = "file:///nothing.png";
})"""
STYLES = """(button) =>
    [getComputedStyle(button).display, getComputedStyle(button, "::after").content]"""
CLICK = """(number) => document.getElementById("plot-size")
    .emit("plotly_click", { points: [{ customdata: number }] })"""


def numbers(page: Page) -> list[str]:
    """Return the numbers of the rows that are shown, from top to bottom."""
    found = page.locator("tbody.job:visible").evaluate_all("all => all.map(b => b.dataset.number)")
    return list(found)


def sort_by(page: Page, title: str) -> str | None:
    page.get_by_role("columnheader", name=title, exact=True).get_by_role("button").click()
    return page.get_by_role("columnheader", name=title, exact=True).get_attribute("aria-sort")


def points(page: Page, plot: str) -> int:
    return page.locator(f"#plot-{plot} .scatterlayer .points path").count()


def test_the_page_shows_all_rows_and_the_points_of_a_model(opened: Open) -> None:
    page = opened()
    assert numbers(page) == [str(number) for number in range(1, 19)]
    # Four ranked rows, the twins of two backends, the input.
    assert points(page, "size") == 4 + 2 + 1
    assert page.locator("#plot-size .errorbar").count() >= 4
    assert page.locator("#plot-size .js-line").count() >= 1
    page.get_by_label("Model of the plots").select_option(index=2)
    assert points(page, "speed") == 4 + 1
    page.get_by_label("Model of the plots").select_option(index=1)
    assert points(page, "speed") == 1
    left_out = "Not measured here, so not in this plot: row 11."
    assert page.get_by_text(left_out).is_visible()


def test_points_are_grouped_by_backend_or_recipe_each_with_a_symbol(opened: Open) -> None:
    page = opened()
    legend = "#plot-size .legendtext"
    assert {"onnxruntime", "tflite"} <= set(page.locator(legend).all_text_contents())
    page.get_by_label("Colours and symbols by").select_option("recipe")
    names = page.locator(legend).all_text_contents()
    assert {"int8-static", "distill-half"} <= set(names)
    shapes = page.locator("#plot-size .legendpoints path").evaluate_all(
        "all => new Set(all.map(p => p.getAttribute('d'))).size"
    )
    assert shapes >= 4


def test_a_row_sorts_by_each_column_both_ways_and_missing_figures_stay_last(opened: Open) -> None:
    page = opened()
    assert sort_by(page, "size MB") == "ascending"
    ascending = numbers(page)
    assert sort_by(page, "size MB") == "descending"
    descending = numbers(page)
    measured = len(ascending) - 7
    without = {"4", "6", "9", "10", "12", "16", "18"}
    assert set(ascending[measured:]) == set(descending[measured:]) == without
    assert sort_by(page, "status") == "ascending"
    assert numbers(page)[0] == "9"
    assert page.locator("th[aria-sort]").count() == 1


def test_sorting_by_number_brings_the_first_order_back(opened: Open) -> None:
    page = opened()
    bodies = page.locator("#results > tbody")
    first = bodies.all_inner_texts()
    sort_by(page, "size MB")
    assert bodies.all_inner_texts() != first
    assert sort_by(page, "#") == "ascending"
    assert bodies.all_inner_texts() == first


def test_without_jobs_the_table_shows_the_inputs(
    browser: Browser, comparison: Comparison, tmp_path: Path
) -> None:
    file = tmp_path / "comparison.html"
    file.write_text(to_page(comparison.model_copy(update={"results": ()}), {}), encoding="utf-8")
    page = browser.new_page()
    page.goto(file.as_uri())
    shown = page.locator("tbody.baseline:visible").count()
    page.close()
    assert shown == 3


def test_rows_are_filtered_by_words_and_by_choice_and_come_back(opened: Open) -> None:
    page = opened()
    page.get_by_label("Text", exact=True).fill("TFLITE int8")
    assert numbers(page) == ["2", "8", "14"]
    assert page.get_by_role("status").text_content() == "3 of 18 rows"
    page.get_by_label("Status", exact=True).select_option("timeout")
    assert numbers(page) == []
    page.get_by_role("button", name="Show all").click()
    assert len(numbers(page)) == 18
    page.get_by_label("only ● and ○").check()
    assert 0 < len(numbers(page)) < 11


def test_words_are_looked_for_in_what_is_said_of_a_row_not_in_its_provenance(opened: Open) -> None:
    page = opened()
    for words, found in {
        "1.32.0": [],
        "abab": [],
        "mse became": ["2", "8", "14"],
        "0.61 times": ["5"],
        "without speed": ["11"],
        "no layer changed": ["3"],
        "oktop-1": [],
    }.items():
        page.get_by_label("Text", exact=True).fill(words)
        assert numbers(page) == found, words


def test_a_row_opens_with_layers_histograms_and_the_log(opened: Open) -> None:
    page = opened()
    page.get_by_role("button", name="Row 1, details").click()
    detail = page.locator("#job-1")
    detail.locator(".layers svg").first.wait_for()
    text = detail.inner_text()
    for words in ("carried out as asked", "on the front", "PARTIAL", "peak RSS", "features.0"):
        assert words in text, words
    assert "<img src=x onerror=alert(1)>" in text
    assert detail.get_by_role("img", name="values other than zero from -0.25 to 0.25").count() == 2
    detail.get_by_text("End of the log").click()
    assert "<b>done</b>" in detail.inner_text()
    page.get_by_role("button", name="Row 1, details").click()
    assert not detail.is_visible()


def test_a_point_and_an_address_lead_to_their_row(opened: Open) -> None:
    page = opened("#row-14")
    assert page.locator("#job-14").is_visible()
    page.evaluate(CLICK, 5)
    assert page.locator("#job-5").is_visible()
    assert page.evaluate("document.activeElement.closest('tbody').id") == "row-5"


def test_all_of_it_works_by_keyboard(opened: Open) -> None:
    page = opened()
    button = page.get_by_role("columnheader", name="backend").get_by_role("button")
    button.focus()
    page.keyboard.press("Enter")
    assert numbers(page)[0] == "1"
    page.keyboard.press("Space")
    assert numbers(page)[0] == "2"
    page.locator("#row-2 .number button").focus()
    page.keyboard.press("Enter")
    assert page.locator("#row-2 .number button").get_attribute("aria-expanded") == "true"
    assert page.locator("#job-2").is_visible()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_every_control_has_a_name(opened: Open) -> None:
    page = opened()
    unnamed = page.evaluate(UNNAMED)
    assert unnamed == []


@pytest.mark.parametrize("width", [390, 820])
def test_a_narrow_screen_needs_no_scrolling_sideways(opened: Open, width: int) -> None:
    page = opened(**{**PHONE, "viewport": {"width": width, "height": 844}})
    page.locator("#row-1 .number button").click()
    page.locator("#job-1 .layers svg").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("innerWidth") == width


def test_a_wide_screen_shows_the_table_whole(opened: Open) -> None:
    page = opened(viewport={"width": 1440, "height": 900})
    assert page.evaluate("(b => b.scrollWidth <= b.clientWidth)(document.querySelector('.scroll'))")


def test_the_printed_form_holds_what_is_hidden_on_the_screen(opened: Open) -> None:
    page = opened()
    page.emulate_media(media="print")
    assert page.locator("#job-2").is_visible()
    assert not page.get_by_label("Text", exact=True).is_visible()
    page.get_by_label("Backend", exact=True).evaluate(
        "s => { s.value = 'tflite'; s.dispatchEvent(new Event('change')); }"
    )
    assert not page.locator("#job-1").is_visible()
    # With a control in them they would stand on the first sheet alone.
    assert page.locator("#results thead button").first.evaluate(STYLES) == ["contents", "none"]
    sheet = page.pdf(prefer_css_page_size=True)
    assert sheet.startswith(b"%PDF-")
    assert len(sheet) > 20_000


def test_a_dark_screen_has_a_dark_page_and_dark_plots(opened: Open) -> None:
    page = opened(color_scheme="dark")
    grounds = page.evaluate(GROUNDS)
    assert all(max(ground) < 50 for ground in grounds)


def test_the_policy_holds_back_what_a_script_would_load(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    blocked = page.evaluate(BLOCKED)
    page.close()
    assert blocked == "img-src"
