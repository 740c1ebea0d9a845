"""Metrics that plugins bring: those that cannot be columns of results are named and left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from boildown.measuring.installed import installed_metrics

#: Entry points sort by name, so `a` is found before `b`.
NAMES = {"a": "f1", "b": "f1_n", "c": "bytes", "d": "f1-score", "e": "1f", "f": "top1_low"}
SAID = {
    "b": "gives results a column 'f1_n', which the metric 'f1' has already",
    "c": "gives results a column 'bytes', which every row has already",
    "d": "is not made of letters, digits and _, a letter first",
    "e": "is not made of letters, digits and _, a letter first",
    "f": "gives results a column 'top1_low', which the metric 'top1' has already",
}


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a distribution with a metric of every name in `NAMES`."""
    made = [f"{key} = Scoring({name!r}, 'depth', max)" for key, name in NAMES.items()]
    (tmp_path / "scores_of_mine.py").write_text("\n".join(["from boildown import Scoring", *made]))
    folder = tmp_path / "scores_of_mine-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: scores-of-mine\nVersion: 1.0\n")
    lines = [f"{key} = scores_of_mine:{key}" for key in NAMES]
    (folder / "entry_points.txt").write_text("\n".join(["[boildown.metrics]", *lines]))
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("plugin")
def test_names_that_results_cannot_have_are_told_and_left_out() -> None:
    found = installed_metrics()
    assert [metric.name for metric in found.metrics] == ["top1", "top5", "f1"]
    assert found.broken == tuple(
        f"metric {key} (scores_of_mine:{key}) is left out: its name {NAMES[key]!r} {why}"
        for key, why in SAID.items()
    )
