"""A job through the cache, in a worker of its own: everything that can happen to it."""

from __future__ import annotations

import threading
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from boildown import Artifact, Quantize
from boildown.job.process import Limits
from boildown.job.protocol import Job
from boildown.plugins.registry import Registry
from boildown.runner.carry_out import Done, carry_out, job_key
from boildown.runner.endpoints import Endpoint, endpoint
from boildown.runner.store import Store

KEY = "cd" + "0" * 62
A_MINUTE = Limits(seconds=60)


@pytest.fixture
def place(rounding: str) -> Endpoint:
    return endpoint(rounding, Registry(), {})


def job(model: Path, **settings: Any) -> Job:
    steps = (Quantize(weights="float16"),)
    return Job(
        backend="rounding",
        model=Artifact(path=model),
        steps=steps,
        settings=(settings,),
        workdir=model.parent,
    )


def carry(
    asked: Job,
    place: Endpoint,
    tmp_path: Path,
    *,
    limits: Limits = A_MINUTE,
    here: Registry | None = None,
) -> Done:
    store, stop = Store(tmp_path / "cache"), threading.Event()
    return carry_out(
        asked, KEY, place, store, limits=limits, on_progress=lambda _: None, stop=stop, here=here
    )


def test_a_finished_job_comes_from_the_cache(
    place: Endpoint, model_path: Path, tmp_path: Path
) -> None:
    first = carry(job(model_path), place, tmp_path)
    second = carry(job(model_path), place, tmp_path)
    assert (first.cached, second.cached) == (False, True)
    assert first.result == second.result
    assert first.result.versions["numpy"]
    assert first.result.cost.peak_rss_bytes > 0


def test_what_a_toolkit_prints_goes_to_the_log(
    place: Endpoint, model_path: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    done = carry(job(model_path, behave="print"), place, tmp_path)
    assert "noise from the toolkit" in done.log.read_text()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("behave", "ending"),
    [
        ("crash", ("failed", "killed by SIGSEGV")),
        ("raise", ("failed", "ZeroDivisionError: the toolkit divided by zero")),
        ("refuse", ("unsupported", "operator Conv of this kind")),
        ("network", ("failed", "may not use the network")),
        ("orphan", ("ok", "")),
    ],
)
def test_whatever_happens_is_a_result(
    place: Endpoint, model_path: Path, tmp_path: Path, behave: str, ending: tuple[str, str]
) -> None:
    done = carry(job(model_path, behave=behave), place, tmp_path)
    assert done.result.status == ending[0]
    assert ending[1] in done.result.reason


def test_a_job_that_hangs_is_a_timeout_and_is_tried_again_next_time(
    place: Endpoint, model_path: Path, tmp_path: Path
) -> None:
    hangs = carry(job(model_path, behave="hang"), place, tmp_path, limits=Limits(seconds=3))
    assert hangs.result.status == "timeout"
    assert carry(job(model_path), place, tmp_path).result.status == "ok"


def test_the_reason_holds_nothing_of_an_earlier_attempt(
    place: Endpoint, model_path: Path, tmp_path: Path
) -> None:
    first = carry(job(model_path, behave="raise"), place, tmp_path)
    second = carry(job(model_path, behave="crash"), place, tmp_path)
    assert "divided by zero" in first.result.reason
    assert "divided by zero" not in second.result.reason
    assert "divided by zero" in second.log.read_text()


def test_a_job_that_eats_the_memory_is_out_of_memory(
    place: Endpoint, model_path: Path, tmp_path: Path
) -> None:
    limits = Limits(seconds=60, memory_bytes=400 << 20)
    done = carry(job(model_path, behave="fill"), place, tmp_path, limits=limits)
    assert done.result.status == "out_of_memory"


def test_a_cache_that_was_moved_is_not_trusted(
    place: Endpoint, model_path: Path, tmp_path: Path
) -> None:
    carry(job(model_path), place, tmp_path)
    (tmp_path / "cache").rename(tmp_path / "moved")
    store = Store(tmp_path / "moved")
    done = carry_out(
        job(model_path),
        KEY,
        place,
        store,
        limits=A_MINUTE,
        on_progress=lambda _: None,
        stop=threading.Event(),
    )
    assert not done.cached
    assert done.result.deployable is not None
    assert done.result.deployable.path.is_relative_to(tmp_path / "moved")


def test_a_copy_of_a_cache_does_not_go_on_from_the_other(
    place: Endpoint, model_path: Path, tmp_path: Path
) -> None:
    carry(job(model_path), place, tmp_path)
    copytree(tmp_path / "cache", tmp_path / "copy" / "cache")
    done = carry(job(model_path), place, tmp_path / "copy")
    assert (done.cached, done.result.status, done.result.reason) == (False, "ok", "")
    assert done.result.steps[0].artifact.path.is_relative_to(tmp_path / "copy")


def test_later_runs_do_not_take_what_debugging_has_made_for_theirs(
    place: Endpoint, model_path: Path, tmp_path: Path
) -> None:
    """In this process there is no log, and nothing that says which versions were at work."""
    debugged = carry(job(model_path), place, tmp_path, here=Registry())
    assert not debugged.result.versions
    done = carry(job(model_path), place, tmp_path)
    assert not done.cached
    assert done.result.versions["numpy"]


@pytest.mark.parametrize(
    "program",
    ["import sys", "import sys; open(sys.argv[2], 'w').write('{')"],
    ids=["no answer", "a broken answer"],
)
def test_a_worker_that_does_not_keep_the_protocol_fails_its_row(
    place: Endpoint, model_path: Path, tmp_path: Path, program: str
) -> None:
    script = tmp_path / "worker.py"
    script.write_text(program)
    odd = place.model_copy(update={"worker": (place.worker[0], str(script))})
    done = carry(job(model_path), odd, tmp_path)
    assert done.result.status == "failed"
    assert "result" in done.result.reason


def test_the_key_changes_with_everything_that_decides_the_result(
    place: Endpoint, model_path: Path
) -> None:
    same: dict[str, Any] = {"model": "m", "data": {"train": "d"}, "canonical": "c"}
    asked = job(model_path)
    keys = {
        job_key(asked, place, **same),
        job_key(asked, place, **{**same, "model": "x"}),
        job_key(asked, place, **{**same, "data": {"train": "x"}}),
        job_key(asked, place, **{**same, "canonical": "x"}),
        job_key(asked.model_copy(update={"seed": 1}), place, **same),
        job_key(asked.model_copy(update={"threads": 2}), place, **same),
        job_key(asked.model_copy(update={"deploy": {"format": "x"}}), place, **same),
        job_key(asked, place.model_copy(update={"environment": {"versions": {}}}), **same),
    }
    assert len(keys) == 8
    assert job_key(asked.model_copy(), place, **same) in keys
