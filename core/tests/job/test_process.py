"""How a child process is watched, limited and cleared away."""

from __future__ import annotations

import contextlib
import sys
import threading
from pathlib import Path

import psutil
import pytest
from boildown.job.process import Ended, Limits, run_process


def run(code: str, tmp_path: Path, **options: object) -> Ended:
    command = [sys.executable, "-c", code]
    return run_process(command, log=tmp_path / "log.txt", cwd=tmp_path, **options)  # type: ignore[arg-type]


def test_output_goes_to_the_log_and_the_cost_is_counted(tmp_path: Path) -> None:
    ended = run("print('hello'); sum(range(30_000_000))", tmp_path)
    assert ended.status == "ok"
    assert (tmp_path / "log.txt").read_text() == "hello\n"
    assert ended.cost.cpu_seconds > 0
    assert ended.cost.peak_rss_bytes > 1_000_000


def test_the_memory_of_a_process_is_its_own_and_not_that_of_who_started_it(tmp_path: Path) -> None:
    before = b"x" * (400 << 20)
    # Both last longer than the host waits between two looks at them.
    small = run("import time; time.sleep(0.3)", tmp_path)
    del before
    large = run("import time; hog = b'x' * (150 << 20); time.sleep(0.3)", tmp_path)
    assert small.cost.peak_rss_bytes < 100 << 20
    assert 150 << 20 < large.cost.peak_rss_bytes < 250 << 20


def test_an_exit_code_is_a_failure_with_the_code(tmp_path: Path) -> None:
    ended = run("raise SystemExit(3)", tmp_path)
    assert (ended.status, ended.reason) == ("failed", "the process ended with exit code 3")


def test_a_crash_names_the_signal(tmp_path: Path) -> None:
    ended = run("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", tmp_path)
    assert (ended.status, ended.reason) == ("failed", "the process was killed by SIGSEGV")


def test_a_process_that_hangs_is_a_timeout(tmp_path: Path) -> None:
    ended = run("import time; time.sleep(60)", tmp_path, limits=Limits(seconds=0.5))
    assert ended.status == "timeout"
    assert "limit of 0.5 s" in ended.reason


def test_a_process_that_takes_too_much_memory_is_out_of_memory(tmp_path: Path) -> None:
    code = "import time; hog = b'x' * (300 << 20); time.sleep(60)"
    ended = run(code, tmp_path, limits=Limits(memory_bytes=100 << 20, seconds=50))
    assert ended.status == "out_of_memory"
    assert "limit of 100 MiB" in ended.reason


@pytest.mark.parametrize("ending", ["pass", "os.kill(os.getpid(), 9)"])
def test_temporary_files_go_whatever_becomes_of_the_process(tmp_path: Path, ending: str) -> None:
    run(f"import os, tempfile; print(tempfile.mkstemp()[1], flush=True); {ending}", tmp_path)
    left = Path((tmp_path / "log.txt").read_text().strip())
    assert left.parent.name.startswith("boildown-")
    assert not left.parent.exists()


def test_a_process_without_room_for_its_answer_says_so(tmp_path: Path) -> None:
    ended = run("raise SystemExit(74)", tmp_path)
    assert (ended.status, ended.reason.partition(";")[0]) == (
        "failed",
        "the process could not write its answer",
    )


@pytest.mark.parametrize("own_session", [False, True])
def test_children_that_outlive_the_process_are_ended(tmp_path: Path, *, own_session: bool) -> None:
    code = (
        "import subprocess, sys, time;"
        "wait = [sys.executable, '-c', 'import time; time.sleep(60)'];"
        f"p = subprocess.Popen(wait, start_new_session={own_session});"
        "print(p.pid); time.sleep(1)"
    )
    run(code, tmp_path)
    pid = int((tmp_path / "log.txt").read_text())
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(timeout=10)
    assert not psutil.pid_exists(pid)


def test_progress_lines_arrive_and_noise_between_them_is_ignored(tmp_path: Path) -> None:
    heard: list[dict[str, object]] = []
    code = (
        "import os; fd = int(os.environ['BOILDOWN_PROGRESS_FD']);"
        """os.write(fd, b'{"done": 1}\\nnoise\\n[1]\\n{"done": 2}\\n')"""
    )
    run(code, tmp_path, on_progress=heard.append)
    assert heard == [{"done": 1}, {"done": 2}]


def test_a_stop_ends_the_process_and_interrupts_the_caller(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(KeyboardInterrupt):
        run("import time; time.sleep(60)", tmp_path, stop=stop)


def test_threads_are_fixed_and_do_not_spin(tmp_path: Path) -> None:
    code = "import os; print(os.environ['OMP_NUM_THREADS'], os.environ['OMP_WAIT_POLICY'])"
    run(code, tmp_path, threads=3)
    assert (tmp_path / "log.txt").read_text() == "3 PASSIVE\n"


def test_a_command_that_cannot_be_started_is_a_failure(tmp_path: Path) -> None:
    ended = run_process(["no-such-program"], log=tmp_path / "log.txt", cwd=tmp_path)
    assert ended.status == "failed"
    assert "cannot start no-such-program" in ended.reason
