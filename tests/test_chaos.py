"""Jobs that die beside each other: the benchmark `benchmarks/chaos.py` on a smaller scale."""

from __future__ import annotations

import copy
import importlib
import json
import subprocess
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

CHAOS = Path(__file__).parents[1] / "benchmarks" / "chaos.py"
#: Place in the record -> a value that must not pass.
HARMS: dict[tuple[str, ...], Any] = {
    ("results",): 19,
    ("unexpected",): ["live-3: failed"],
    ("files_of_the_living",): 2,
    ("left", "processes"): ["python (zombie)"],
    ("left", "temporary_files"): ["litter-a"],
    ("cache", "damaged"): 1,
    ("host", "rss_growth_bytes"): 1 << 30,
    ("host", "descriptors_after"): 1000,
}


@pytest.fixture(scope="module")
def record(
    tmp_path_factory: pytest.TempPathFactory, surroundings: Mapping[str, str]
) -> dict[str, Any]:
    """Run twenty jobs, four at a time, and return what the benchmark recorded of them."""
    out = tmp_path_factory.mktemp("chaos") / "chaos.json"
    words = ["--jobs", "20", "--parallel", "4", "--seconds", "25", "--out", str(out)]
    subprocess.run([sys.executable, str(CHAOS), *words], env=surroundings, check=False)
    found: dict[str, Any] = json.loads(out.read_text())
    return found


@pytest.fixture
def chaos(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    monkeypatch.syspath_prepend(CHAOS.parent)
    return importlib.import_module("chaos")


def test_every_job_has_its_one_result_and_nothing_is_left(record: dict[str, Any]) -> None:
    assert record["amiss"] == []
    assert record["results"] == 20
    assert sum(record["by_status"].values()) == 20
    assert set(record["by_status"]) == {"ok", "failed", "unsupported", "timeout", "out_of_memory"}


@pytest.mark.parametrize("place", HARMS, ids="-".join)
def test_what_is_amiss_would_be_said(
    record: dict[str, Any], chaos: types.ModuleType, place: tuple[str, ...]
) -> None:
    harmed = copy.deepcopy(record)
    *path, last = place
    inner = harmed
    for key in path:
        inner = inner[key]
    inner[last] = HARMS[place]
    assert len(chaos.amiss(harmed)) == 1


def test_a_process_and_a_file_that_are_left_would_be_found(
    chaos: types.ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "tmp").mkdir()
    (tmp_path / "tmp" / "litter").touch()
    wait = [sys.executable, "-c", "input()"]
    with subprocess.Popen(wait, cwd=tmp_path, stdin=subprocess.PIPE) as child:
        left = chaos.left_behind(tmp_path)
        child.communicate(b"\n")
    assert left["temporary_files"] == ["litter"]
    assert len(left["processes"]) == 1
