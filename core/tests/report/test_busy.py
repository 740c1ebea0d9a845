"""Whoever reads speeds is told how busy the computer was, wherever they are read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from boildown.comparison.schema import Comparison
from boildown.report.markdown import to_markdown
from boildown.report.page.page import to_page
from boildown.report.table import plain


def timed(comparison: Comparison, busy: float | None) -> Comparison:
    rows = [
        row.model_copy(update={"speed": row.speed.model_copy(update={"others_busy": busy})})
        if row.speed
        else row
        for row in comparison.results
    ]
    return comparison.model_copy(update={"results": tuple(rows)})


@pytest.mark.parametrize(
    "told",
    [to_markdown, lambda comparison: to_page(comparison, {}), plain],
    ids=["Markdown", "page", "terminal"],
)
def test_rows_that_were_timed_on_a_busy_computer_are_told(
    told: Callable[[Comparison], str], small: Comparison
) -> None:
    assert "kept up to 1.5 cores busy" in told(timed(small, 1.5))
    for quiet in (0.1, None):
        assert "cores busy" not in told(timed(small, quiet))
