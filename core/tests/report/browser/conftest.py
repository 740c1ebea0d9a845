"""A real Chromium, and pages opened in it that say what they ask for and complain of."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from boildown.comparison.audited import LayerAudit, WeightHistogram
from boildown.comparison.schema import Comparison
from boildown.report.page.page import to_page

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BROWSER = Path(__file__).parents[4] / "benchmarks" / "browser.py"


def started() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_browser", BROWSER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, started().chromium(playwright) as found:
        yield found


@pytest.fixture
def shown(comparison: Comparison) -> Comparison:
    """The comparison with layers and histograms in its first row, of which one is spiteful."""
    row = comparison.results[0]
    assert row.audit is not None
    layers = tuple(
        LayerAudit(
            layer=name, op="Conv", shape=(8, 3, 3, 3), changed=True, bits=8, sparsity=0.25,
            distinct_values=200,
            histogram=WeightHistogram(
                bin_width=0.125, first=-2, before=(5, 60, 70, 9), after=(0, 80, 64, 0)
            ),
        )
        for name in ("features.0", "<img src=x onerror=alert(1)>")
    )  # fmt: skip
    audit = row.audit.model_copy(update={"layers": layers})
    first = row.model_copy(update={"audit": audit})
    return comparison.model_copy(update={"results": (first, *comparison.results[1:])})


@pytest.fixture
def address(shown: Comparison, tmp_path: Path) -> str:
    file = tmp_path / "comparison.html"
    file.write_text(to_page(shown, {1: "epoch 1\n<b>done</b>"}), encoding="utf-8")
    return file.as_uri()


@pytest.fixture
def opened(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Open the page; afterwards nothing may have been asked for, and nothing complained of."""
    asked: list[str] = []
    complaints: list[str] = []
    contexts = []

    def open_page(hash: str = "", **context: Any) -> Page:  # noqa: A002 - the browser's word
        found = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **context})
        contexts.append(found)
        page = found.new_page()
        page.set_default_timeout(20_000)
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.goto(address + hash)
        page.wait_for_selector("#plot-speed .scatterlayer .trace path")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
    # The page itself, and the icon, which is empty and stands in the page.
    assert {url.split("#")[0] for url in asked} - {"data:,"} == {address}
