"""Backends in this interpreter, in another one, and in a program of any kind."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from boildown.errors import PluginError, UnknownBackendError, UsageError
from boildown.plugins.registry import Registry
from boildown.runner.endpoints import Place, endpoint, places


def test_a_backend_of_this_interpreter_needs_no_configuration(rounding: str) -> None:
    found = endpoint(rounding, Registry(), {})
    assert found.worker[0] == sys.executable
    assert found.python is None  # it has no open_runtime hook
    assert found.environment["versions"]["numpy"]
    assert found.environment["sources"]["boildown_rounding"]


def test_a_backend_of_another_interpreter_is_asked_over_json(rounding: str) -> None:
    found = endpoint(rounding, Registry(), {rounding: Place(python=sys.executable)})
    assert found.info.toolkit == "numpy"
    assert found.worker == (sys.executable, "-m", "boildown.job.worker")


def test_a_backend_that_the_other_interpreter_lacks_is_an_error() -> None:
    with pytest.raises(PluginError, match="no backend 'absent'"):
        endpoint("absent", Registry(), {"absent": Place(python=sys.executable)})
    with pytest.raises(UnknownBackendError):
        endpoint("absent", Registry(), {})


def test_a_program_answers_with_its_description(tmp_path: Path) -> None:
    answer = {"info": {"toolkit": "mine", "distribution": "", "offers": []}, "environment": {}}
    script = tmp_path / "npu.py"
    script.write_text(f"print({json.dumps(answer)!r})")
    found = endpoint("npu", Registry(), {"npu": Place(command=(sys.executable, str(script)))})
    assert (found.info.toolkit, found.python) == ("mine", None)


@pytest.mark.parametrize(
    ("answer", "said"),
    [("hello", "Invalid JSON"), ('{"info": {}}', "info.toolkit"), ("", "Invalid JSON")],
)
def test_a_program_that_answers_nonsense_is_an_error(
    tmp_path: Path, answer: str, said: str
) -> None:
    script = tmp_path / "npu.py"
    script.write_text(f"print({answer!r})")
    with pytest.raises(PluginError, match=said):
        endpoint("npu", Registry(), {"npu": Place(command=(sys.executable, str(script)))})


def test_a_program_that_is_not_there_is_an_error() -> None:
    with pytest.raises(PluginError, match="cannot run"):
        endpoint("npu", Registry(), {"npu": Place(command=("no-such-program",))})


def test_places_are_read_from_the_configuration(tmp_path: Path) -> None:
    assert places(tmp_path) == {}
    (tmp_path / "venv/bin").mkdir(parents=True)
    python = tmp_path / "venv/bin/python"
    python.symlink_to(sys.executable)
    (tmp_path / "boildown.toml").write_text(
        '[backends.x]\npython = "venv/bin/python"\n[backends.y]\ncommand = ["npu", "./it"]\n'
        '[backends.z]\ncommand = ["./npu"]\n'
    )
    assert places(tmp_path) == {
        "x": Place(python=str(python)),  # the link, not the interpreter behind it
        "y": Place(command=("npu", "./it")),
        "z": Place(command=(str(tmp_path / "npu"),)),
    }


@pytest.mark.parametrize(
    "text",
    [
        "[backends.x]\n",
        '[backends.x]\npyton = "a"\n',
        "[",
        '[backends.x]\npython="a"\ncommand=["b"]',
    ],
)
def test_a_wrong_configuration_names_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "boildown.toml").write_text(text)
    with pytest.raises(UsageError, match=r"boildown\.toml"):
        places(tmp_path)
