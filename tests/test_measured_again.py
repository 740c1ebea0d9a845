"""`boildown measure`: a stored run on a computer that has the runtimes and no toolkit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import Command

#: What a board would have: no toolkit can be imported, and the processor is an ARM.
BOARD = """
import platform, sys

class _Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "tensorflow", "tf_keras", "coremltools", "nni"}:
            raise ModuleNotFoundError(f"there is no {name} on a board")

sys.meta_path.insert(0, _Absent())
platform.machine = lambda: "aarch64"
"""


@pytest.fixture
def run(command: Command, model_path: Path, data: str) -> Path:
    """Compare on backends whose files LiteRT, ONNX Runtime and nothing on this computer run."""
    backends = [word for name in ("tflite", "torch", "coreml") for word in ("--backend", name)]
    told = command(
        "compare", "int8-static", "--model", model_path, "--data", data, *backends,
        "--samples", 20, "--timing-seconds", 0.02, "--out", "run",
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    return model_path.parent / "run"


def go_aboard(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every process that starts from now on believe that it runs on a board."""
    (folder / "sitecustomize.py").write_text(BOARD)
    monkeypatch.setenv("PYTHONPATH", str(folder))


def rows(folder: Path) -> dict[str, dict[str, Any]]:
    plain = json.loads((folder / "comparison.json").read_text())
    return {row["backend"]: row for row in plain["results"]}


def test_a_board_measures_what_was_made_elsewhere(
    run: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_aboard(run.parent, monkeypatch)
    told = command("measure", "run", "--timing-seconds", 0.02, "--out", "measured")
    assert told.returncode == 0, told.stderr
    before, after = rows(run), rows(run.with_name("measured"))
    assert not before["tflite"]["speed"]["device_verified"]
    for backend, runtime in (("tflite", "LiteRT"), ("torch", "ONNX Runtime")):
        speed = after[backend]["speed"]
        assert (speed["runtime"], speed["device_verified"]) == (runtime, True)
        assert speed["versus_same_runtime_float"]["median"] > 0
        assert after[backend]["memory"]["peak_rss_bytes"] > 0
        assert after[backend]["deployable"]["sha256"] == before[backend]["deployable"]["sha256"]
    codes = {warning["code"] for warning in after["tflite"]["warnings"]}
    assert "NOT_DEVICE_VERIFIED" not in codes
    assert "macOS" in after["coreml"]["speed"]["reason"]
    assert after["coreml"]["quality"] == before["coreml"]["quality"]


@pytest.mark.usefixtures("model_path")
def test_there_is_no_toolkit_on_the_board(
    command: Command, data: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_aboard(tmp_path, monkeypatch)
    told = command(
        "compare", "int8-static", "--model", "tiny.onnx", "--data", data,
        "--backend", "torch", "--samples", 19, "--out", "other",
    )  # fmt: skip
    assert told.returncode == 1
    assert "no torch on a board" in " ".join(told.stdout.split())


def test_a_limit_that_is_missed_here_is_told_by_the_exit_code(run: Path, command: Command) -> None:
    file = run / "comparison.json"
    plain = json.loads(file.read_text())
    plain["results"] = [row for row in plain["results"] if row["backend"] == "torch"]
    for limit, code in ((1e12, 0), (1, 1)):
        plain["recipes"][0]["limits"] = {"peak_rss_bytes": limit}
        file.write_text(json.dumps(plain))
        told = command("measure", "run", "--timing-seconds", 0.02)
        assert told.returncode == code, told.stderr


def test_given_data_are_judged_on_and_wrong_words_refused(run: Path, command: Command) -> None:
    told = command("measure", "run", "--timing-seconds", 0.02, "--data", "npz:data.npz")
    assert told.returncode == 0, told.stderr
    assert "int8-static" in told.stdout
    again = rows(run.with_name("boildown-measured"))
    assert again["tflite"]["quality"]["metrics"][0]["n"] == 30
    for words, why in (
        (("nowhere",), "There is no nowhere"),
        (("run", "--out", "run"), "a folder of its own"),
        (("run", "--data", "npz:nothing.npz"), "nothing.npz"),
    ):
        told = command("measure", *words)
        assert told.returncode == 2
        assert why in told.stderr
        assert "Traceback" not in told.stderr
