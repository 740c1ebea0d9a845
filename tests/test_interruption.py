"""A run that is interrupted or killed leaves nothing running, and the next one goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil
import pytest

BACKEND = Path(__file__).with_name("patient_backend.py")
RECIPE = """recipe: 1
name: two-steps
steps:
  - quantize: {weights: float16}
    with: {patient: {diary: DIARY}}
  - quantize: {weights: float16}
    with: {patient: {diary: DIARY, gate: GATE}}
"""
DEADLINE = 60

Start = Callable[..., subprocess.Popen[str]]


def until(condition: Callable[[], object]) -> None:
    """Wait until something is so; fail if it does not come to be."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.02)


def working(host: subprocess.Popen[str], module: str) -> list[psutil.Process]:
    """Return the descendants of the host, if one of them runs the module."""
    found = psutil.Process(host.pid).children(recursive=True)
    return found if any(module in process.cmdline() for process in found) else []


def gone(process: psutil.Process) -> bool:
    # Whoever inherits the children of a killed host may be slow to bury them.
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.fixture
def diary(tmp_path: Path) -> Path:
    return tmp_path / "diary.txt"


@pytest.fixture
def start(
    surroundings: Mapping[str, str], model_path: Path, data: str, tmp_path: Path
) -> Iterator[Start]:
    """Install the patient backend; return a function that starts a comparison with it."""
    info = tmp_path / "site" / "boildown_patient-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: boildown-patient\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[boildown.backends]\npatient = boildown_patient\n")
    (tmp_path / "site" / "boildown_patient.py").write_bytes(BACKEND.read_bytes())
    recipe = RECIPE.replace("DIARY", str(tmp_path / "diary.txt"))
    (tmp_path / "two.yaml").write_text(recipe.replace("GATE", str(tmp_path / "gate")))
    own = {"PYTHONPATH": str(tmp_path / "site"), "BOILDOWN_CACHE": str(tmp_path / "cache")}
    hosts: list[subprocess.Popen[str]] = []

    def begin(*more: str) -> subprocess.Popen[str]:
        program = str(Path(sys.executable).with_name("boildown"))
        words = ["compare", "two.yaml", "--model", str(model_path), "--backend", "patient"]
        hosts.append(
            subprocess.Popen(
                [program, *words, "--data", data, *(more or ("--timing-seconds", "0.1"))],
                cwd=tmp_path,
                env={**surroundings, **own},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )
        return hosts[-1]

    yield begin
    for host in hosts:
        host.kill()
        host.communicate()


def at_the_gate(start: Start, diary: Path) -> tuple[subprocess.Popen[str], list[psutil.Process]]:
    """Start a run and wait until its worker stands in the second step."""
    host = start()
    until(lambda: diary.exists() and diary.read_text() == "01")
    return host, working(host, "boildown.job.worker")


def test_an_interrupted_run_says_so_and_leaves_no_process(
    start: Start, diary: Path, tmp_path: Path
) -> None:
    host, children = at_the_gate(start, diary)
    assert children
    host.send_signal(signal.SIGINT)
    said, _ = host.communicate(timeout=DEADLINE)
    assert host.returncode == 130
    assert "interrupted; what was finished is kept" in said
    assert "Traceback" not in said
    assert not (tmp_path / "boildown-out" / "comparison.json").exists()
    assert [child for child in children if psutil.pid_exists(child.pid)] == []


def test_an_interrupted_measurement_leaves_no_process(start: Start, tmp_path: Path) -> None:
    (tmp_path / "gate").touch()
    host = start("--timing-seconds", "600")
    until(lambda: list(tmp_path.glob("cache/speed/**/speed-*")))
    until(lambda: working(host, "boildown.measuring"))
    children = psutil.Process(host.pid).children(recursive=True)
    host.send_signal(signal.SIGINT)
    host.communicate(timeout=DEADLINE)
    assert host.returncode == 130
    assert [child for child in children if psutil.pid_exists(child.pid)] == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_no_worker_outlives_a_host_that_was_killed(
    start: Start, diary: Path, how: signal.Signals
) -> None:
    host, children = at_the_gate(start, diary)
    assert children
    os.kill(host.pid, how)
    host.communicate(timeout=DEADLINE)
    assert host.returncode == -how
    until(lambda: all(map(gone, children)))


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_the_next_run_goes_on_with_the_step_that_was_cut_off(
    start: Start, diary: Path, tmp_path: Path, how: signal.Signals
) -> None:
    host, children = at_the_gate(start, diary)
    host.send_signal(how)
    host.communicate(timeout=DEADLINE)
    until(lambda: all(map(gone, children)))
    (tmp_path / "gate").touch()
    again = start()
    said, _ = again.communicate(timeout=DEADLINE)
    assert again.returncode == 0, said
    assert diary.read_text() == "011"


def waits_for_a_job(host: subprocess.Popen[str]) -> bool:
    """Tell whether a host holds or wants the lock of a job's entry in the cache."""
    files = psutil.Process(host.pid).open_files()
    return any(Path(file.path).name.startswith("jobs-") for file in files)


def test_a_host_that_waits_for_another_takes_over_where_that_one_was_killed(
    start: Start, diary: Path, tmp_path: Path
) -> None:
    first, children = at_the_gate(start, diary)
    second = start("--timing-seconds", "0.1", "--out", "second")
    until(lambda: waits_for_a_job(second))
    first.kill()
    until(lambda: all(map(gone, children)))
    (tmp_path / "gate").touch()
    said, _ = second.communicate(timeout=DEADLINE)
    assert second.returncode == 0, said
    assert diary.read_text() == "011"
