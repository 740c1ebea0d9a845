"""The machines that a comparison was measured on, in words."""

from __future__ import annotations

from boildown.comparison.schema import Comparison
from boildown.report.method import machines, meanings


def test_machines_that_differ_in_their_threads_alone_are_told_apart(small: Comparison) -> None:
    other = small.machine.model_copy(update={"threads": 2})
    first, second = machines(small.model_copy(update={"other_machines": (other,)}))
    assert (first, second) == (
        f"{machines(small)[0]}, 1 thread",
        f"{machines(small)[0]}, 2 threads",
    )


def test_threads_that_are_the_same_everywhere_are_not_repeated(small: Comparison) -> None:
    other = small.machine.model_copy(update={"cpu": "another"})
    both = machines(small.model_copy(update={"other_machines": (other,)}))
    assert not any("thread" in words for words in both)


def test_a_row_that_was_not_timed_says_nothing_of_the_batch(small: Comparison) -> None:
    row = small.results[0]
    assert row.speed is not None
    timed = row.speed.model_copy(update={"batch": 8})
    absent = row.speed.model_copy(update={"batch": 1, "latency_ms": None, "reason": "crashed"})
    rows = tuple(row.model_copy(update={"speed": speed}) for speed in (timed, absent))
    told = dict(meanings(small.model_copy(update={"results": rows}), ()))
    assert told["speed"].startswith("batch 8, 1 thread; ")
