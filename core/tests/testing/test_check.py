"""`boildown check`: a table of what was covered, and one paragraph where nothing can be run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_WITHOUT_PYTEST = """
import importlib.util, sys
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "pytest" else found(name, *more)
sys.argv = ["boildown", "check", "honest"]
from boildown.cli.main import main
main()
"""


def check(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "boildown.cli.main", "check", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_it_ends_with_a_table_of_offers(backends: Path, tmp_path: Path) -> None:
    told = check(tmp_path, "honest", "--keyword", "test_an_offer_works and float16")
    assert told.returncode == 0, told.stdout + told.stderr
    table = told.stdout.partition("offer ")[2]
    assert "quantize: weights float16" in table
    assert table.endswith("honest: 1 of 1 without a failure\n")


def test_a_failing_case_is_counted_and_ends_with_1(backends: Path, tmp_path: Path) -> None:
    told = check(tmp_path, "claims", "--keyword", "test_an_offer_works and int4 and not one")
    assert told.returncode == 1
    assert told.stdout.endswith("claims: 0 of 1 without a failure\n")


def test_a_known_gap_shows_with_its_reason(backends: Path, tmp_path: Path) -> None:
    tests = tmp_path / "test_mine.py"
    tests.write_text(
        "from boildown.testing import BackendSuite\n\n\nclass TestIt(BackendSuite):\n"
        '    backend_name = "claims"\n'
        '    known_gaps = {"test_an_offer_works[quantize-weights=int4]": "int4 comes in May"}\n'
    )
    told = check(tmp_path, "claims", "--tests", str(tests), "--keyword", "works and int4")
    assert told.returncode == 0, told.stdout + told.stderr
    assert "known gap of quantize: weights float16, int4: int4 comes in May" in told.stdout


@pytest.mark.parametrize(
    ("gaps", "says"),
    [
        ({"test_an_offer_works[quantize-weights=float16]": "it fails"}, "[XPASS(strict)]"),
        ({"test_an_offer_works[quantize-weights=int7]": "it fails"}, "is no case (any more)"),
        ({"test_an_offer_does[quantize-weights=float16]": "it fails"}, "names no test"),
        ({"test_an_offer_works[quantize-weights=float16]": ""}, "has no reason"),
    ],
)
def test_a_gap_that_is_none_is_an_error(
    gaps: dict[str, str], says: str, backends: Path, tmp_path: Path
) -> None:
    tests = tmp_path / "test_mine.py"
    tests.write_text(
        "from boildown.testing import BackendSuite\n\n\nclass TestIt(BackendSuite):\n"
        f'    backend_name = "honest"\n    known_gaps = {gaps}\n'
    )
    told = check(tmp_path, "honest", "--tests", str(tests), "--keyword", "works and float16")
    assert told.returncode in {1, 2}
    assert says in told.stdout + told.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("honest", "--keyword", "and and"), "correct --keyword"),
        (("honest", "--keyword", "nothing_like_it"), "no case matches --keyword"),
        (("honest", "--tests", "missing.py"), "there is no file missing.py"),
        (("honst",), "did you mean 'honest'?"),
        (("program",), "is a program of its own"),
    ],
)
def test_what_cannot_be_run_is_one_paragraph(
    words: tuple[str, ...], says: str, backends: Path, tmp_path: Path
) -> None:
    (tmp_path / "boildown.toml").write_text('[backends.program]\ncommand = ["npu"]\n')
    told = check(tmp_path, *words)
    assert told.returncode == 2
    assert says in told.stderr.splitlines()[-1]
    assert "Traceback" not in told.stderr


def test_without_pytest_it_says_what_to_install(backends: Path, tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", _WITHOUT_PYTEST],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2
    assert told.stderr.startswith("error: ")
    assert "pip install 'boildown[testing]'" in told.stderr


def test_an_interruption_is_no_error_of_the_keyword(backends: Path, tmp_path: Path) -> None:
    tests = tmp_path / "test_mine.py"
    tests.write_text("def test_long():\n    raise KeyboardInterrupt\n")
    told = check(tmp_path, "honest", "--tests", str(tests))
    assert told.returncode == 130
    assert "keyword" not in told.stderr
