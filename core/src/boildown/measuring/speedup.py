"""Turn raw times of a group into the figures of one row: medians, and ratios of paired rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..comparison.schema import Latency, Ratio, Speed, Timing
from ..errors import UsageError
from ..plugins.values import Warned
from .statistics import paired_ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .requests import SpeedTimes, Times

#: Where memory happens to lie in a process moves its speed by this share (docs/measuring.md).
_NOISE = 0.01


def speed(
    times: SpeedTimes,
    name: str,
    *,
    runtime: str,
    device_verified: bool,
    instruction_sets: Sequence[str],
    threads: int = 1,
    twin: str | None = None,
    float32: str | None = None,
    onnx: str | None = None,
) -> Speed:
    """Return the speed of target `name` against the float models that were timed beside it.

    `twin` is the one in the same runtime, `float32` the one in ONNX Runtime; `onnx` is the row's
    own ONNX form, where that is another file. A name that is None or could not be timed gives null
    and a reason.
    """
    this = _times(times, name)
    cpu, reasons = _ratios(times, this, twin, float32, "cpu")
    wall, _ = _ratios(times, this, twin, float32, "wall")
    if this.status != "ok":
        reasons = [this.reason]
    elif not times.settled:
        reasons.append("the ratios did not settle within 3 % in the time given; see intervals")
    return Speed(
        runtime=runtime,
        device_verified=device_verified,
        batch=times.batch,
        threads=threads,
        instruction_sets=tuple(instruction_sets),
        latency_ms=_latency(this),
        load_ms=this.load_ms,
        first_ms=this.first_ms,
        cpu_seconds=float(np.median(this.cpu)) if this.cpu else None,
        versus_same_runtime_float=cpu[0],
        versus_onnxruntime_float=cpu[1],
        wall=_timing(this, wall),
        onnx=_onnx(times, onnx, float32),
        others_busy=times.others_busy,
        reason="; ".join(reasons),
    )


def no_speed(
    reason: str, *, runtime: str, threads: int = 1, instruction_sets: Sequence[str] = ()
) -> Speed:
    """Return a speed without figures, for a group that could not be timed at all."""
    return Speed(
        runtime=runtime,
        device_verified=False,
        batch=1,
        threads=threads,
        instruction_sets=tuple(instruction_sets),
        latency_ms=None,
        load_ms=None,
        first_ms=None,
        cpu_seconds=None,
        versus_same_runtime_float=None,
        versus_onnxruntime_float=None,
        reason=reason,
    )


def slower(speed: Speed) -> Warned | None:
    """Warn where a row is slower than one of the float models."""
    for ratio, against in (
        (speed.versus_same_runtime_float, f"the float model in {speed.runtime}"),
        (speed.versus_onnxruntime_float, "the float model in ONNX Runtime"),
    ):
        if ratio is not None and is_slower(ratio):
            return Warned(
                code="SLOWER",
                text=f"slower than {against}: {ratio.median:.2f} of its speed (95 % interval "
                f"{ratio.interval[0]:.2f} to {ratio.interval[1]:.2f})",
            )
    return None


def is_slower(ratio: Ratio) -> bool:
    """Return whether the whole interval of a ratio lies below 1, and more than noise does."""
    return ratio.interval[1] < 1 - _NOISE


def _times(times: SpeedTimes, name: str) -> Times:
    for found in times.targets:
        if found.name == name:
            return found
    raise UsageError(f"{name!r} was not timed, only {[found.name for found in times.targets]}")


def _ratios(
    times: SpeedTimes, this: Times, twin: str | None, float32: str | None, clock: str
) -> tuple[tuple[Ratio | None, Ratio | None], list[str]]:
    if twin is None and float32 is None:
        return (None, None), ["the float model itself: there is nothing to take ratios against"]
    reasons: list[str] = []
    found: list[Ratio | None] = []
    for baseline, what in ((twin, "the same runtime"), (float32, "ONNX Runtime")):
        against = None if baseline is None else _times(times, baseline)
        if against is None:
            reasons.append(f"no ratio: no other float model was timed in {what}")
        elif against.status != "ok":
            reasons.append(f"no ratio: the float model failed in {what}: {against.reason}")
        usable = against is not None and against.status == this.status == "ok"
        found.append(
            paired_ratio(getattr(against, clock), getattr(this, clock)) if usable else None
        )
    return (found[0], found[1]), reasons


def _latency(this: Times) -> Latency | None:
    if this.p50_ms is None or this.p90_ms is None:
        return None
    return Latency(p50=this.p50_ms, p90=this.p90_ms)


def _timing(this: Times, ratios: tuple[Ratio | None, Ratio | None]) -> Timing | None:
    latency = _latency(this)
    if latency is None:
        return None
    return Timing(
        latency_ms=latency,
        versus_same_runtime_float=ratios[0],
        versus_onnxruntime_float=ratios[1],
    )


def _onnx(times: SpeedTimes, onnx: str | None, float32: str | None) -> Timing | None:
    """Return the ONNX form's times; its only baseline is the float model in ONNX Runtime."""
    if onnx is None:
        return None
    this = _times(times, onnx)
    ratios, _ = _ratios(times, this, None, float32, "cpu")
    return _timing(this, ratios)
