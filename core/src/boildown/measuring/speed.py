"""Time targets against each other in one process, in interleaved rounds.

Other work on the computer, its clock frequency and its temperature change by the second. Within
a round they hit every target alike, so ratios are taken within rounds, and CPU time leaves out
the time that other processes took. Order rotates, so that no target always follows the same one.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import UnsupportedError
from .others import Others
from .requests import SpeedRequest, SpeedTimes, Target, Times
from .runtimes import import_runtime, open_target, sample_inputs
from .statistics import median_interval

if TYPE_CHECKING:
    from ..plugins.values import Runtime

Say = Callable[[dict[str, Any]], None]
#: One sample of CPU time: long against the clock's grain and the cost of reading it.
_SAMPLE_SECONDS = 0.02
_WARM_UP_SECONDS = 0.1
#: Loading is repeated while it is short, to report a median.
_LOADS, _LOAD_SECONDS = 3, 1.0
_LEAST_ROUNDS = 8
#: Ratios are looked at every so many rounds only: looking often makes chance look like certainty.
_LOOK_EVERY = 8
_NARROW = 0.03
#: A 90th percentile of fewer single inferences would be little more than the greatest.
_LEAST_SINGLES = 30


class Candidate:
    """One opened target with the times taken so far."""

    def __init__(self, target: Target, inputs: dict[str, np.ndarray]) -> None:
        self.name, self._inputs = target.name, inputs
        self.loads: list[float] = []
        self.firsts: list[float] = []
        self.singles: list[float] = []
        self.cpu: list[float] = []
        self.wall: list[float] = []
        self.failure: Exception | None = None
        self._runtime = self._load(target)
        self.inner = self._calibrate()

    def sample(self) -> None:
        """Take one sample of `inner` inferences; one more before it brings its data back."""
        if self.inner > 1:
            self._runtime.run(self._inputs)
        clock, cpu, wall = time.perf_counter, time.process_time(), time.perf_counter()
        last = wall
        for _ in range(self.inner):
            self._runtime.run(self._inputs)
            now = clock()
            self.singles.append(now - last)
            last = now
        self.cpu.append((time.process_time() - cpu) / self.inner)
        self.wall.append((last - wall) / self.inner)

    def complete(self, seconds: float) -> None:
        """Go on with single inferences until percentiles have enough, for so long at most."""
        start = time.perf_counter()
        while self.failure is None and len(self.singles) < _LEAST_SINGLES:
            before = time.perf_counter()
            if before - start > seconds:
                return
            try:
                self._runtime.run(self._inputs)
                self.singles.append(time.perf_counter() - before)
            except Exception as error:  # noqa: BLE001 - a runtime may raise anything at all
                self.failure = error

    def times(self, rounds: int) -> Times:
        """Return what was found in the first `rounds` rounds."""
        if self.failure is not None:
            return failed_times(self.name, self.failure)
        p50, p90 = np.quantile(self.singles, (0.5, 0.9)).tolist()
        return Times(
            name=self.name,
            load_ms=float(np.median(self.loads)) * 1e3,
            first_ms=float(np.median(self.firsts)) * 1e3,
            p50_ms=p50 * 1e3,
            p90_ms=p90 * 1e3,
            inner=self.inner,
            cpu=tuple(self.cpu[:rounds]),
            wall=tuple(self.wall[:rounds]),
        )

    def _load(self, target: Target) -> Runtime:
        import_runtime(target)
        for _ in range(_LOADS):
            start = time.perf_counter()
            runtime = open_target(target)
            loaded = time.perf_counter()
            runtime.run(self._inputs)
            self.loads.append(loaded - start)
            self.firsts.append(time.perf_counter() - loaded)
            if sum(self.loads) > _LOAD_SECONDS:
                break
        return runtime

    def _calibrate(self) -> int:
        """Warm up, and return how many inferences make a sample."""
        start, runs = time.perf_counter(), 0
        while runs < 2 or time.perf_counter() - start < _WARM_UP_SECONDS:  # noqa: PLR2004
            self._runtime.run(self._inputs)
            runs += 1
        return max(1, math.ceil(_SAMPLE_SECONDS * runs / (time.perf_counter() - start)))


def run_speed(request: SpeedRequest, say: Say) -> SpeedTimes:
    """Carry out the request. A target that raises gets its reason and the others go on."""
    inputs = sample_inputs(request.sample)
    opened, failed = [], {}
    for target in request.targets:
        request.at.write_text(target.name, encoding="utf-8")
        try:
            opened.append(Candidate(target, inputs))
        except Exception as error:  # noqa: BLE001 - a runtime may raise anything at all
            failed[target.name] = failed_times(target.name, error)
    request.at.write_text("", encoding="utf-8")
    others = Others()
    settled, rounds = _rounds(opened, request, say)
    busy = others.cores()
    for candidate in opened:
        candidate.complete(request.budget_seconds)
    found = failed | {candidate.name: candidate.times(rounds) for candidate in opened}
    return SpeedTimes(
        targets=tuple(found[target.name] for target in request.targets),
        batch=request.sample.batch,
        settled=settled,
        others_busy=busy,
    )


def failed_times(name: str, error: Exception) -> Times:
    """Return the entry of a target that cannot be timed."""
    if isinstance(error, UnsupportedError):
        return Times(name=name, status="unsupported", reason=str(error))
    return Times(name=name, status="failed", reason=f"{type(error).__name__}: {error}")


def in_turn(count: int, rounds: int) -> Sequence[int]:
    """Return the order of `count` targets in one round: rotated, every second time backwards."""
    start = (rounds // 2) % count
    order = [(start + step) % count for step in range(count)]
    return order[::-1] if rounds % 2 else order


def _rounds(opened: list[Candidate], request: SpeedRequest, say: Say) -> tuple[bool, int]:
    """Take rounds until every ratio is narrow or the time is up; return (narrow?, rounds)."""
    alive, done = list(opened), 0
    budget = request.budget_seconds * len(opened)
    start = time.perf_counter()
    gc.collect()
    gc.disable()
    while alive:
        for index in in_turn(len(alive), done):
            try:
                alive[index].sample()
            except Exception as error:  # noqa: BLE001 - a runtime may raise anything at all
                alive[index].failure = error
        alive = [candidate for candidate in alive if candidate.failure is None]
        done += 1
        spent = time.perf_counter() - start
        say({"done": min(spent, budget), "total": budget, "text": "timing"})
        if done >= _LEAST_ROUNDS:
            narrow = done % _LOOK_EVERY == 0 and _narrow(alive, request.references)
            if narrow or spent > budget:
                return narrow, done
    return False, done


def _narrow(alive: list[Candidate], references: Sequence[str]) -> bool:
    if any(len(candidate.singles) < _LEAST_SINGLES for candidate in alive):
        return False
    for values in _pairs(alive, references):
        low, high = median_interval(values)
        middle = float(np.median(values))
        if max(high - middle, middle - low) > _NARROW * middle:
            return False
    return True


def _pairs(alive: list[Candidate], references: Sequence[str]) -> Iterator[list[float]]:
    """Yield what must become narrow: the ratios, or without a reference the times themselves."""
    for this in alive:
        if not references:
            yield this.cpu
        for reference in alive:
            if reference.name in references and this is not reference:
                yield [a / b for a, b in zip(reference.cpu, this.cpu, strict=True)]
