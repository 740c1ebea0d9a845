"""The suite passes who does what it says, and names each lie of who does not."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

HERE = Path(__file__).parent
_LIES = re.findall(r'^    "([a-z-]+)": Lie\(', (HERE / "lies.py").read_text(), re.M)


class Told(NamedTuple):
    """What a run of the suite said."""

    code: int
    output: str
    errors: str


def run_suite(name: str, folder: Path, *words: str, seconds: float = 60) -> Told:
    """Run the suite on a backend as its author would."""
    (folder / "test_it.py").write_text(
        "from boildown.testing import BackendSuite\n\n\n"
        f"class TestIt(BackendSuite):\n    backend_name = {name!r}\n"
        f"    seconds_a_job = {seconds}\n"
    )
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return Told(run.returncode, run.stdout, run.stderr)


def test_an_honest_backend_passes(backends: Path, tmp_path: Path) -> None:
    told = run_suite("honest", tmp_path, "test_it.py")
    assert told.code == 0, told.output
    assert " failed" not in told.output


@pytest.mark.parametrize("lie", _LIES)
def test_a_lie_is_caught_by_name(lie: str, backends: Path, tmp_path: Path) -> None:
    from boildown_told.lies import LIES

    test, says = LIES[lie].test, LIES[lie].says
    told = run_suite(lie, tmp_path, f"test_it.py::TestIt::{test}", seconds=5)
    assert told.code == 1, told.output
    assert f"FAILED test_it.py::TestIt::{test}" in told.output
    assert says in told.output
