"""A good guest: loads nothing early, takes the threads it is given and any path there is."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from ..job.process import child_environment
from . import reading
from .carrying import fail_with, network_of

if TYPE_CHECKING:
    from .bench import Bench
    from .matrix import Case

#: Share of the CPU time that threads beside the busiest may take where one thread is asked for.
_OTHER_THREADS = 0.15
_LETTERS = "Übung mit 空白 und ñ"


class GuestTests:
    """Tests of how a backend behaves towards the process and the machine it runs in."""

    def test_loading_stays_light(self, bench: Bench) -> None:
        """Importing the entry point and asking `backend_info` imports none of the toolkit."""
        heavy = sorted(bench.place.info.heavy_modules)
        code = (
            "import sys; from boildown.plugins.registry import Registry;"
            f" Registry().get({bench.place.name!r});"
            f" print(*(name for name in {heavy} if name in sys.modules))"
        )
        run = subprocess.run(  # noqa: S603 - this interpreter, or one that the user named
            [bench.python, "-c", code],
            capture_output=True,
            text=True,
            check=False,
            env=child_environment(threads=1),
        )
        fail_with(run.stderr.strip() if run.returncode else "")
        if run.stdout.split():
            fail_with(f"loading the plugin imports {run.stdout.strip()}")

    def test_one_thread_is_one_thread(self, bench: Bench) -> None:
        """With `threads=1` one thread does the work of the backend's runtime."""
        outcome = bench.outcome(bench.subject("plain"))
        fail_with(reading.failure(outcome))
        answer = bench.thread_seconds(outcome, reading.inputs_of(outcome, 64))
        if answer.unsupported:
            pytest.skip(answer.reason)  # no native runtime on this computer, nothing to count
        fail_with(answer.reason)
        total, busiest = sum(answer.thread_seconds), max(answer.thread_seconds, default=0.0)
        if total - busiest > _OTHER_THREADS * total:
            fail_with(f"CPU seconds by thread: {answer.thread_seconds}")

    def test_a_path_may_hold_spaces_and_any_letters(self, first: Case, bench: Bench) -> None:
        """A model in a folder with such a name is compressed and run like any other."""
        subject = bench.subject(network_of(first), _LETTERS)
        outcome = bench.outcome(subject, first.steps)
        fail_with(reading.failure(outcome))
        found, answer = bench.in_its_runtime(outcome, reading.inputs_of(outcome))
        if not answer.unsupported:
            fail_with(answer.reason)
            fail_with(*reading.wrong_outputs(found, outcome))
