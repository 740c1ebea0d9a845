"""The page of the study, `benchmarks/seeds.html.jinja`, in a real browser and on paper."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from .conftest import BROWSER

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROWS = 200
#: A4 less its margins, in CSS pixels.
PAPER = 720
RECORD_WIDTHS = """() => {
    window.widths = [];
    for (const event of ["beforeprint", "afterprint"]) addEventListener(event, () =>
        widths.push(document.querySelector(".main-svg").getBoundingClientRect().width));
}"""
TICKS = """() => [...document.querySelectorAll(".xtick text")].map((tick) => tick.textContent)"""
LEGEND = """() => [".nsewdrag", ".legend"].map((name) =>
    document.querySelector(name).getBoundingClientRect())"""


@pytest.fixture
def page(browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """Open a page with one plot, and below it a table that is folded."""
    monkeypatch.syspath_prepend(BROWSER.parent)
    table = SimpleNamespace(
        title="zoo:any",
        columns=("backend", "method", "notes"),
        rows=tuple(("torch", f"method-{place}", "NOTE") for place in range(ROWS)),
        points=(("torch", "a", 0.9, -0.01), ("nni", "b", 12.0, -0.5)),
    )
    part = SimpleNamespace(
        title="Accuracy", words="Words.", tables=(table,), records=(), missing=(), left_out=()
    )
    importlib.import_module("seeds_page").write_pages(tmp_path / "seeds", "Study", (part,))
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    found = context.new_page()
    found.goto((tmp_path / "seeds.html").as_uri())
    found.wait_for_selector(".scatterlayer .trace path")
    yield found
    context.close()


def test_paper_has_the_table_that_the_screen_folds(page: Page) -> None:
    last = page.get_by_text(f"method-{ROWS - 1}")
    assert not last.is_visible()
    page.emulate_media(media="print")
    assert last.is_visible()
    pages = re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))
    assert len(pages) > 3


def test_plots_fit_on_paper_and_are_as_wide_as_before_afterwards(page: Page) -> None:
    page.evaluate(RECORD_WIDTHS)
    page.pdf(format="A4")
    page.wait_for_function("widths.length == 2")
    printed, screen = page.evaluate("widths")
    assert printed <= PAPER < 1000 < screen


def test_headings_stay_where_a_long_table_is_scrolled(page: Page) -> None:
    page.locator("summary").click()
    scroll = "(wide) => { wide.scrollTop = 1000; return wide.scrollTop; }"
    assert page.locator(".wide").evaluate(scroll) == 1000
    heading, wide = page.locator("th").first.bounding_box(), page.locator(".wide").bounding_box()
    assert heading is not None
    assert wide is not None
    assert abs(heading["y"] - wide["y"]) < 3


def test_a_narrow_plot_has_round_numbers_and_its_legend_below(page: Page) -> None:
    assert page.evaluate(TICKS) == ["1", "2", "5", "10"]
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function(
        "document.querySelector('.main-svg').getBoundingClientRect().width < 390"
    )
    plot, legend = page.evaluate(LEGEND)
    assert legend["top"] >= plot["bottom"]
    assert plot["width"] > 260


def test_rows_far_below_are_shown_where_all_are_asked_for(page: Page) -> None:
    lowest = "document.getElementById('plot-zoo:any').layout.yaxis.range[0]"
    assert page.evaluate(lowest) == -12
    page.locator(".updatemenu-button").get_by_text("all rows").click()
    page.wait_for_function(f"{lowest} < -40")
    page.locator(".updatemenu-button").get_by_text("within 12 points").click()
    page.wait_for_function(f"{lowest} == -12")


def test_a_finger_scrolls_past_a_plot_and_a_mouse_zooms(page: Page, browser: Browser) -> None:
    drag = "document.getElementById('plot-zoo:any')._fullLayout.dragmode"
    assert page.evaluate(drag) == "zoom"
    context = browser.new_context(has_touch=True, is_mobile=True)
    phone = context.new_page()
    phone.goto(page.url)
    phone.wait_for_function(f"{drag} === false")
    context.close()
