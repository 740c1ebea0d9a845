"""The names that plugins may use: all there, each brought in only when it is used."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import boildown
import pytest

_HEAVY = {"onnxruntime", "onnx", "pydantic", "numpy"}


def loaded(program: str) -> set[str]:
    """Return which heavy modules a program has loaded at its end."""
    shown = f"import sys; {program}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True)
    return _HEAVY & {*run.stdout.split()}


@pytest.mark.parametrize("name", boildown.__all__)
def test_every_public_name_is_there_and_documented(name: str) -> None:
    assert getattr(boildown, name).__doc__


def test_type_checkers_see_the_same_names_from_the_same_places() -> None:
    text = Path(boildown.__file__).read_text(encoding="utf-8")
    seen = re.findall(r"^    from \.([\w.]+) import (\w+) as \2$", text, re.MULTILINE)
    assert {name: home for home, name in seen} == boildown._HOME


def test_importing_boildown_loads_nothing_heavy() -> None:
    assert loaded("import boildown") == set()


def test_a_runtime_loads_onnxruntime_only_when_it_opens_a_file() -> None:
    assert "onnxruntime" not in loaded("from boildown import OnnxRuntime, deploy_onnx")
    assert "onnxruntime" in loaded("import onnxruntime")
