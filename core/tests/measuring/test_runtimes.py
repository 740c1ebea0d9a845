"""What is imported before a target is opened, so that loading is the model's time alone."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from boildown import Artifact
from boildown.measuring.requests import Target
from boildown.measuring.runtimes import import_runtime

Make = Callable[..., Target]


@pytest.mark.parametrize(("form", "other"), [("tiny", "onnx"), ("onnx", "tiny")])
def test_a_format_may_have_a_runtime_of_its_own(
    form: str, other: str, mimic: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = {"tiny": "boildown_mimic.runtime_tiny", "onnx": "boildown_mimic.runtime"}
    (tmp_path / "site" / "boildown_mimic" / "runtime_tiny.py").write_text("")
    target = mimic(tmp_path / "model").model_copy(
        update={"artifact": Artifact(path=tmp_path / "model", format=form)}
    )
    import_runtime(target)
    assert modules[form] in sys.modules
    assert modules[other] not in sys.modules
