"""Texts of the page that come from toolkits, users and figures."""

from __future__ import annotations

from boildown.comparison.schema import Comparison
from boildown.report.page.page import to_page
from boildown.report.page.points import plots_of
from boildown.report.view import groups


def test_texts_of_others_can_neither_colour_nor_turn_the_page(comparison: Comparison) -> None:
    first = comparison.results[0]
    turned = "a\u202eb"
    odd = first.model_copy(update={"recipe": turned, "reason": "\x1b[31mred\x1b[0m"})
    page = to_page(comparison.model_copy(update={"results": (odd, *comparison.results[1:])}), {})
    assert 'data-recipe="ab"' in page
    assert ": red</p>" in page
    # The list of recipes shows JSON as it is written.
    assert not {"\x1b", "\u202e"} & set(page.partition("Recipes as they ran")[0])


def test_a_plot_tells_differences_of_small_metrics_as_the_table_does(
    comparison: Comparison,
) -> None:
    [group, *_] = groups(comparison)
    quality = group.views[0].row.quality
    assert quality is not None
    small = {"value": 0.00031, "difference": 3.2e-05, "difference_interval": (2.2e-05, 4.2e-05)}
    metric = quality.metrics[0].model_copy(update=small)
    better = quality.model_copy(update={"metrics": (metric, *quality.metrics[1:])})
    row = group.views[0].row.model_copy(update={"quality": better})
    plots = plots_of(group._replace(views=(group.views[0]._replace(row=row), *group.views[1:])))
    assert plots is not None
    assert plots["rows"][0]["told"] == "+3.2e-05 ±1e-05"


def test_of_several_outputs_the_page_names_the_one_whose_sqnr_it_shows(small: Comparison) -> None:
    row = next(row for row in small.results if row.quality is not None)
    quality = row.quality.model_copy(update={"sqnr_db": 21.5, "sqnr_output": "angle"})
    told = row.model_copy(update={"quality": quality})
    page = to_page(small.model_copy(update={"results": (told,)}), {})
    assert "SQNR 21.5 dB (output angle, the lowest)" in page
