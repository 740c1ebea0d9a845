"""Hosts that share a cache at the same time do each piece of work once and never spoil it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from boildown import load_results
from boildown.runner.housekeeping import verify
from boildown.runner.store import Store

#: A process that uses entries like everybody, and is killed with one of them half-done.
USER = """
import os, signal, sys
from pathlib import Path
import numpy as np
from boildown.runner.store import Store
root, seed = Path(sys.argv[1]), int(sys.argv[2])
rng, store = np.random.default_rng(seed), Store(root)
for turn in range(60):
    key = f"{rng.integers(4):02x}" + "0" * 62
    with store.entry("jobs", key) as entry:
        if entry.damaged or (entry.finished and entry.read("value.json") != key):
            sys.exit(f"{key} is spoilt")
        if not entry.finished:
            entry.write("value.json", f'"{key}"')
            if turn == 50 + seed:
                os.kill(os.getpid(), signal.SIGKILL)
            entry.seal()
        elif rng.random() < 0.5:
            (entry.folder / "seal.json").unlink()
"""


def states(cache: Path) -> Counter[str]:
    return Counter(state for _entry, state in verify(Store(cache)))


def test_many_processes_on_the_same_entries_never_see_a_spoilt_one(tmp_path: Path) -> None:
    words = [sys.executable, "-c", USER, str(tmp_path)]
    users = [
        subprocess.Popen([*words, str(seed)], stderr=subprocess.PIPE, text=True)
        for seed in range(4)
    ]
    said = [user.communicate(timeout=60)[1] for user in users]
    assert said == [""] * 4
    assert {user.returncode for user in users} <= {0, -9}
    assert states(tmp_path)["damaged"] == 0


def test_an_entry_that_somebody_spoils_is_seen(tmp_path: Path) -> None:
    with Store(tmp_path).entry("jobs", "00" + "0" * 62) as entry:
        entry.write("value.json", '"other"')
        entry.seal()
    user = [sys.executable, "-c", USER, str(tmp_path), "0"]
    answer = subprocess.run(user, capture_output=True, text=True, check=False)
    assert "is spoilt" in answer.stderr


Start = Callable[[str], subprocess.Popen[bytes]]
NAMES = [f"half-{number}" for number in range(4)]
STEP = "quantize: {weights: float16}\n    with: {rounding: {behave: print}}"


@pytest.fixture
def start(
    surroundings: Mapping[str, str], rounding: str, model_path: Path, data: str, tmp_path: Path
) -> Start:
    """Return a function that starts the same four jobs, two at a time, into a folder."""
    own = {"BOILDOWN_CACHE": str(tmp_path / "cache"), "PYTHONPATH": os.environ["PYTHONPATH"]}
    for seed, name in enumerate(NAMES):
        recipe = f"recipe: 1\nname: {name}\nseed: {seed}\nsteps:\n  - {STEP}\n"
        (tmp_path / f"{name}.yaml").write_text(recipe)
    program = str(Path(sys.executable).with_name("boildown"))
    words = ["compare", *(f"{name}.yaml" for name in NAMES), "--model", str(model_path)]
    words += ["--backend", rounding, "--data", data, "--timing-seconds", "0.05", "--jobs", "2"]
    return lambda out: subprocess.Popen(
        [program, *words, "--out", out],
        cwd=tmp_path,
        env={**surroundings, **own},
        stdout=subprocess.DEVNULL,
    )


def test_two_hosts_at_once_end_well_and_do_each_job_once(start: Start, tmp_path: Path) -> None:
    hosts = [start("first"), start("second")]
    assert [host.wait(timeout=300) for host in hosts] == [0, 0]
    assert states(tmp_path / "cache")["damaged"] == 0
    logs = [path.read_text() for path in (tmp_path / "cache" / "jobs").rglob("log.txt")]
    assert Counter(text.count("noise") for text in logs) == {1: len(NAMES), 0: 1}
    digests = [
        [row.deployable.sha256 for row in load_results(tmp_path / out).rows if row.deployable]
        for out in ("first", "second")
    ]
    assert digests[0] == digests[1]
    assert len(digests[0]) == len(NAMES)
