"""NNI comes in alone and silently, and says of itself that nobody maintains it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from boildown.plugins.registry import Registry

_CODE = """
import sys, {imported}
print(*sorted(name for name in ("tensorflow", "pytorch_lightning") if name in sys.modules))
print(*sorted(path.name for path in __import__("pathlib").Path().rglob("*")))
"""


def modules_and_files(imported: str, folder: Path) -> list[str]:
    run = subprocess.run(
        [sys.executable, "-c", _CODE.format(imported=imported)],
        cwd=folder, capture_output=True, text=True, check=True,
        env={**os.environ, "HOME": str(folder), "ORT_DISABLE_TELEMETRY": "1"},
    )  # fmt: skip
    return run.stdout.splitlines()


def test_tensorflow_is_not_imported_along_and_no_file_is_written(tmp_path: Path) -> None:
    assert modules_and_files("boildown_nni.toolkit", tmp_path) == ["", ""]


def test_tensorflow_would_be_imported_where_it_is_installed() -> None:
    from boildown_nni.toolkit import TorchEvaluator, nni

    source = Path(nni.__file__).parent / "common" / "version.py"
    assert "import tensorflow" in source.read_text()
    assert TorchEvaluator is not None
    assert "tensorflow" not in sys.modules or sys.modules["tensorflow"] is not None


def test_the_backend_says_that_nni_is_not_maintained() -> None:
    assert not Registry().get("nni").info.maintained
