"""What a job printed, kept beside its row."""

from __future__ import annotations

from pathlib import Path

import pytest
from boildown import Recipe, run


@pytest.mark.usefixtures("rounding", "cache")
@pytest.mark.parametrize(("behave", "printed"), [("nothing", ""), ("print", "noise")])
def test_what_a_toolkit_printed_is_kept_and_an_empty_log_is_none(
    behave: str, printed: str, model_path: Path, tmp_path: Path
) -> None:
    step = {"op": "quantize", "weights": "float16", "with": {"rounding": {"behave": behave}}}
    recipe = Recipe.model_validate({"name": "half", "steps": [step]})
    given = {"model": str(model_path), "backend": "rounding", "out": tmp_path / "out"}
    (row,) = run(recipe, measure=False, **given).rows
    assert row.provenance is not None
    log = row.provenance.log
    assert (log is not None) == bool(printed)
    assert log is None or printed in (tmp_path / "out" / log).read_text()
