"""Paths and recipes with names as long as people give them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from boildown.comparison.schema import Comparison

if TYPE_CHECKING:
    from playwright.sync_api import Page

Open = Callable[..., "Page"]
MODEL = "models/exported/2026-01/production/mobilenet_v2_{}_fashion_mnist_float32.onnx"
RECIPE = "palettize_4bit_and_prune_half_of_the_channels_{}"
FITS = "(b => b.scrollWidth <= b.clientWidth)(document.querySelector('.scroll'))"

LINES = """(cell) => {
    const words = document.createRange();
    words.selectNodeContents(cell);
    return words.getClientRects().length;
}"""


@pytest.fixture
def shown(comparison: Comparison) -> Comparison:
    """The comparison with recipes whose names differ at their ends, models likewise."""
    places = dict.fromkeys(row.recipe for row in comparison.results)
    recipes = {name: RECIPE.format(number) for number, name in enumerate(places)}
    uris = {model.uri: MODEL.format(number) for number, model in enumerate(comparison.models)}
    rows = tuple(
        row.model_copy(update={"model": uris[row.model], "recipe": recipes[row.recipe]})
        for row in comparison.results
    )
    models = tuple(m.model_copy(update={"uri": uris[m.uri]}) for m in comparison.models)
    found = {"results": rows, "models": models, "recipes": ({"name": RECIPE.format(0)},)}
    return comparison.model_copy(update=found)


def test_long_names_leave_the_figures_in_sight(opened: Open) -> None:
    page = opened(viewport={"width": 1400, "height": 900})
    assert page.evaluate(FITS)
    lines = page.locator("#row-1 > tr > [data-label=backend]").evaluate(LINES)
    assert lines == 1


def test_long_names_fit_on_a_phone(opened: Open) -> None:
    page = opened(viewport={"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_legend_tells_names_apart_that_begin_alike(opened: Open) -> None:
    page = opened()
    page.get_by_label("Colours and symbols by").select_option("recipe")
    names = page.locator("#plot-size .legendtext").all_text_contents()
    recipes = [name for name in names if name.startswith("palettize")]
    assert len(recipes) == len(set(recipes)) == 3
    assert max(map(len, recipes)) <= 28
