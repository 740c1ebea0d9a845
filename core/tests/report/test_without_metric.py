"""A task that nobody has a metric for still has outputs to compare."""

from __future__ import annotations

import re

from boildown.comparison.schema import Comparison, Quality
from boildown.report.markdown import to_markdown
from boildown.report.page.page import to_page


def test_outputs_of_a_task_without_a_metric_are_still_compared(small: Comparison) -> None:
    row = small.results[0]
    depth = Quality(task="depth", measured_on="ONNX Runtime", metrics=(), sqnr_db=27.65)
    bare = small.model_copy(
        update={"results": (row.model_copy(update={"quality": depth, "control": None}),)}
    )
    assert re.search(r"SQNR 27\.[67] dB", to_page(bare, {}))
    (line,) = [text for text in to_markdown(bare).splitlines() if text.startswith("| 1 | result |")]
    assert line.endswith("| 27.65 | ONNX Runtime |")
