"""The folder of --out: where a run goes on in it, and where what it holds is left alone."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from boildown.api import compare, measure, run
from boildown.comparison.folder import refuse_files_of_run
from boildown.errors import UsageError

from .recipes import recipe

pytestmark = pytest.mark.usefixtures("rounding", "cache")


def test_a_run_that_was_killed_while_it_wrote_goes_on_in_its_folder(asked: dict[str, Any]) -> None:
    (asked["out"] / "rows").mkdir(parents=True)
    (asked["out"] / ".comparison.json.a1b2.boildown-partial").write_text("{")
    (asked["out"] / ".DS_Store").touch()
    compare(recipe(), **asked)
    left = {path.name for path in asked["out"].iterdir() if path.name.startswith(".")}
    assert left == {".DS_Store"}


def test_what_is_in_the_way_of_a_row_fails_that_row_alone(asked: dict[str, Any]) -> None:
    compare(recipe(), **asked)
    (folder,) = (asked["out"] / "rows").iterdir()
    shutil.rmtree(folder)
    folder.touch()
    first, second = compare([recipe(), recipe("other")], **asked).rows
    assert (first.status, second.status) == ("failed", "ok")
    assert "cannot be made anew; remove it" in first.reason


def test_a_measurement_does_not_replace_another_run(model_path: Path, tmp_path: Path) -> None:
    first, other = tmp_path / "first", tmp_path / "other"
    for out in (first, other):
        run(recipe(), model=str(model_path), backend="rounding", out=out, measure=False)
    before = (other / "comparison.json").read_bytes()
    with pytest.raises(UsageError, match="other holds a run of its own"):
        measure(first, out=other)
    assert (other / "comparison.json").read_bytes() == before


def test_a_measurement_may_replace_one(tmp_path: Path) -> None:
    """It holds no models, so it can be taken again."""
    (tmp_path / "comparison.json").touch()
    refuse_files_of_run(tmp_path)
