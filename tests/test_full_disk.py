"""A disk that becomes full is told in clear words; nothing is spoilt, and the next run goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from boildown.runner.housekeeping import verify
from boildown.runner.store import Store

Command = Callable[..., subprocess.CompletedProcess[str]]
PRIVATE = ("unshare", "--user", "--map-root-user", "--mount")
#: KiB of the largest file that may be written: too few for the model, and for a job's result.
FILE_LIMITS = (1, 3)
#: KiB of a disk that becomes full while there is the model, a job, measuring, and rows.
DISKS = (8, 64, 216)
WORDS = (
    "float16 --model tiny.onnx --data {} --backend rounding --timing-seconds 0.05 --out disk/out"
)


@pytest.fixture
def shell(
    surroundings: Mapping[str, str], rounding: str, model_path: Path, data: str, tmp_path: Path
) -> Command:
    """Return a function that runs a script, RUN being the run; its cache is on the disk."""
    (tmp_path / "disk").mkdir()
    own = {"BOILDOWN_CACHE": str(tmp_path / "disk" / "cache")}
    own |= {"PYTHONPATH": os.environ["PYTHONPATH"], "COLUMNS": "1000"}
    own |= {"RUN": f"boildown run {WORDS.format(data)}"}

    def run(script: str, *before: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*before, "bash", "-c", script],
            cwd=tmp_path,
            env={**surroundings, **own},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def half_written(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name[0] == "." and path.is_file()]


@pytest.mark.parametrize("limit", FILE_LIMITS)
def test_files_that_may_not_grow_end_a_run_in_clear_words(
    shell: Command, tmp_path: Path, limit: int
) -> None:
    # Python itself does not notice bytecode that was cut off (3.11 ignores short writes there).
    cut = shell(f"ulimit -f {limit}; export PYTHONDONTWRITEBYTECODE=1; $RUN --no-measure")
    assert cut.returncode == 1
    assert "File too large" in cut.stdout + cut.stderr
    assert "Traceback" not in cut.stdout + cut.stderr
    store = Store(tmp_path / "disk" / "cache")
    assert [entry for entry, state in verify(store) if state == "damaged"] == []
    assert half_written(tmp_path / "disk") == []
    again = shell("$RUN --no-measure")
    assert again.returncode == 0, again.stderr


@pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run([*PRIVATE, "true"], capture_output=True, check=False).returncode != 0,
    reason="a disk of its own needs Linux with user namespaces",
)
@pytest.mark.parametrize("size", DISKS)
def test_a_disk_that_becomes_full_is_told_and_the_next_run_goes_on(
    shell: Command, size: int
) -> None:
    answer = shell(
        f"""mount -t tmpfs -o size={size}k tmpfs disk
        $RUN; echo "ended $?"; find disk -name '.*' -type f; boildown cache verify
        mount -o remount,size=64m disk
        $RUN > /dev/null; echo "again $?"; boildown cache verify""",
        *PRIVATE,
    )
    said = answer.stdout + answer.stderr
    assert "ended 1" in said
    assert "error: the disk is full" in said
    assert "Traceback" not in said
    assert "again 0" in said
    assert said.count(", 0 damaged\n") == 2
