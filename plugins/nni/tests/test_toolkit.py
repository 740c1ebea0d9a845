"""NNI comes in alone and silently, and says of itself that nobody maintains it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from boildown.cli.main import app
from boildown.plugins.registry import Registry
from typer.testing import CliRunner

_CODE = """
import sys, {imported}
print(*sorted(name for name in ("tensorflow", "pytorch_lightning") if name in sys.modules))
print(*sorted(path.name for path in __import__("pathlib").Path().rglob("*")))
"""


def modules_and_files(imported: str, folder: Path) -> list[str]:
    """Import something where an empty TensorFlow is installed, at home in an empty folder."""
    (folder / "site/tensorflow").mkdir(parents=True)
    (folder / "site/tensorflow/__init__.py").write_text("__version__ = '0'")
    (folder / "home").mkdir()
    run = subprocess.run(
        [sys.executable, "-c", _CODE.format(imported=imported)],
        cwd=folder / "home", capture_output=True, text=True, check=True,
        env={
            **os.environ, "HOME": str(folder / "home"), "ORT_DISABLE_TELEMETRY": "1",
            "PYTHONPATH": str(folder / "site"),
        },
    )  # fmt: skip
    return run.stdout.splitlines()


def test_nni_comes_in_without_tensorflow_a_word_or_a_file(tmp_path: Path) -> None:
    assert modules_and_files("boildown_nni.toolkit", tmp_path) == ["", ""]


def test_nni_alone_brings_tensorflow_along(tmp_path: Path) -> None:
    assert modules_and_files("nni.compression", tmp_path)[-2] == "tensorflow"


def test_boildown_says_that_nni_is_not_maintained() -> None:
    assert not Registry().get("nni").info.maintained
    shown = CliRunner().invoke(app, ["backends"]).output
    assert "Microsoft NNI 3.0, no longer maintained upstream" in " ".join(shown.split())
