"""A worker that is killed, whenever it happens, costs its row and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import boildown
import numpy as np
import pytest
from boildown import Recipe
from boildown.comparison.schema import Row
from boildown.runner.housekeeping import verify
from boildown.runner.store import Store

DEADLY = Path(__file__).with_name("deadly.py")
KILLS = 10

Run = Callable[..., Row]


@pytest.fixture
def run(rounding: str, model_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return a function that carries out the recipe's two steps; each seed is a job of its own."""
    (tmp_path / "site" / "sitecustomize.py").write_bytes(DEADLY.read_bytes())
    steps = [{"op": "quantize", "weights": "float16"}] * 2

    def carry_out(seed: int, deadly: str = "") -> Row:
        monkeypatch.setenv("DEADLY", deadly)
        (row,) = boildown.run(
            Recipe.model_validate({"name": "two", "seed": seed, "steps": steps}),
            backend=rounding,
            model=str(model_path),
            measure=False,
            out=tmp_path / "out",
            cache=tmp_path / "cache",
        ).rows
        return row

    return carry_out


def damaged(cache: Path) -> list[str]:
    return [entry.key for entry, state in verify(Store(cache)) if state == "damaged"]


@pytest.mark.parametrize("which", ["any", "files"])
def test_a_worker_killed_at_any_moment_is_a_failed_row_and_the_next_run_goes_on(
    run: Run, tmp_path: Path, which: str
) -> None:
    whole = run(0, f"{which}:count:{tmp_path / 'count'}").deployable
    moments = int((tmp_path / "count").read_text())
    killed_at = np.random.default_rng(0).choice(moments, KILLS, replace=False) + 1
    for seed, moment in enumerate(killed_at, 1):
        cut = run(seed, f"{which}:kill:{moment}")
        assert (cut.status, cut.deployable) == ("failed", None), moment
        assert cut.reason.startswith("the process was killed by SIGKILL")
        assert damaged(tmp_path / "cache") == []
        assert list((tmp_path / "cache").rglob(".*")) == []
        again = run(seed).deployable
        assert whole is not None
        assert again is not None
        assert again.sha256 == whole.sha256


def test_a_moment_that_never_comes_kills_nobody(run: Run) -> None:
    assert run(0, "any:kill:1000000000").status == "ok"
