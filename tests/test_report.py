"""`boildown report`: reports of stored runs made anew, and those of several machines as one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Command

WORDS = ("--model", "tiny.onnx", "--samples", 40, "--timing-seconds", 0.02)


@pytest.fixture
def runs(command: Command, model_path: Path, data: str) -> Path:
    """Compare on two backends, and say of one run that it was on another machine."""
    for backend in ("onnxruntime", "torch"):
        told = command(
            "compare", "int8-static", *WORDS, "--data", data, "--backend", backend, "--out", backend
        )
        assert told.returncode == 0, told.stderr
    file = model_path.parent / "torch/comparison.json"
    plain = json.loads(file.read_text())
    plain["machine"]["cpu"] = "Another CPU"
    file.write_text(json.dumps(plain))
    return model_path.parent


def test_several_runs_become_one_report(runs: Path, command: Command) -> None:
    told = command("report", "onnxruntime", "torch", "--out", "both")
    assert told.returncode == 0, told.stderr
    assert "tiny.onnx on machine 1" in told.stdout
    assert "tiny.onnx on machine 2" in told.stdout
    assert "speeds compare within one machine only" in " ".join(told.stdout.split())
    whole = json.loads((runs / "both/comparison.json").read_text())
    assert [row["machine"] for row in whole["results"]] == [0, 1]
    for row in whole["results"]:
        assert (runs / "both" / row["deployable"]["path"]).exists()
    page = (runs / "both/comparison.html").read_text()
    assert "Another CPU" in page
    assert "from 2 machines" in page


def test_the_report_of_one_run_is_made_anew_where_it_is(runs: Path, command: Command) -> None:
    (runs / "torch/comparison.html").unlink()
    (runs / "torch/comparison.md").unlink()
    before = (runs / "torch/comparison.json").read_bytes()
    assert command("report", "torch").returncode == 0
    assert (runs / "torch/comparison.html").exists()
    assert (runs / "torch/comparison.md").exists()
    assert (runs / "torch/comparison.json").read_bytes() == before


def test_a_folder_may_have_any_name(runs: Path, command: Command) -> None:
    told = command("report", "torch", "--out", "out[v1]/[/2]")
    assert told.returncode == 0, told.stderr
    assert "The reports are in out[v1]/[/2]/: " in told.stdout
    assert (runs / "out[v1]/[/2]/comparison.html").exists()


def test_a_run_may_be_named_by_its_file(runs: Path, command: Command) -> None:
    assert command("report", "torch/comparison.json").returncode == 0
    told = command("report", "torch/comparison.json", "onnxruntime", "--out", "both")
    assert told.returncode == 0, told.stderr
    whole = json.loads((runs / "both/comparison.json").read_text())
    assert all((runs / "both" / row["deployable"]["path"]).exists() for row in whole["results"])


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("onnxruntime", "torch"), "in a folder of its own"),
        (("onnxruntime", "torch", "--out", "torch"), "in a folder of its own"),
        (("onnxruntime", "nowhere", "--out", "both"), "There is no nowhere"),
    ],
)
def test_wrong_words_are_an_error(
    runs: Path, command: Command, words: tuple[str, ...], why: str
) -> None:
    told = command("report", *words)
    assert told.returncode == 2
    assert why in told.stderr
    assert not (runs / "both").exists()


def test_a_merged_report_is_not_compared(runs: Path, command: Command) -> None:
    assert command("report", "onnxruntime", "torch", "--out", "both").returncode == 0
    told = command("diff", "both", "both")
    assert told.returncode == 2
    assert "compare single runs" in told.stderr
