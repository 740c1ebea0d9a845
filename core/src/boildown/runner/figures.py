"""Figures that need the machine for themselves: times, memory and energy of one row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..comparison.schema import Energy, Memory, Speed
from ..measuring.machine import machine
from ..measuring.requests import Failure, SpeedTimes, Target
from ..measuring.speedup import no_speed, speed
from . import warned
from .baseline import RUNTIME
from .work import COMPRESSED, ONNX_FORM, TWIN

if TYPE_CHECKING:
    from ..plugins.values import BackendInfo, Warned
    from .endpoints import Endpoint
    from .measures import Measures


ONNX_QUALITY = "that of the ONNX form"


@dataclass(frozen=True)
class Part:
    """A file that is timed: how it is opened, which format ships, and whether that one runs."""

    target: Target
    form: str
    native: bool


@dataclass(frozen=True)
class Group:
    """What is timed together for one row; ratios are those of rounds taken in turn."""

    measures: Measures
    place: Endpoint
    ours: Part
    float32: Target
    twin: Part | None = None
    #: The row's own ONNX form, where that is another file.
    onnx: Target | None = None
    #: Why a file for another device is not timed: its runtime does not run on this computer.
    absent: str = ""
    #: What speaks for a file that is not run here.
    quality: str = ONNX_QUALITY

    @property
    def info(self) -> BackendInfo:
        """The backend, which knows its runtimes."""
        return self.place.info


@dataclass(frozen=True)
class Figures:
    """What was found of the row and of its float twin."""

    speed: Speed
    memory: Memory
    energy: Energy
    warnings: tuple[Warned, ...]
    twin_speed: Speed | None = None


def take(group: Group) -> Figures:
    """Time the files of a group against each other, and measure memory and energy of the row's."""
    if group.absent:
        return _none_taken(group)
    ours, measures = group.ours, group.measures
    place = group.place if ours.native else None
    twin = group.twin.target if group.twin else None
    every = (ours.target, twin, group.float32, group.onnx)
    targets = [target for target in every if target is not None]
    references = [group.float32.name, *([TWIN] if group.twin else [])]
    times = measures.speed(targets, place, references)
    if ours.native and (why := _unsupported(times)):
        return _none_taken(replace(group, absent=why))
    found = _speed(times, group, ours, COMPRESSED)
    return Figures(
        speed=found,
        memory=measures.memory(ours.target, place),
        energy=measures.energy(ours.target, place),
        warnings=tuple(warned.of_speed(found, group.info, ours.form)),
        twin_speed=_speed(times, group, group.twin, TWIN) if group.twin else None,
    )


def _unsupported(times: SpeedTimes | Failure) -> str:
    """Return why the row's file does not run on this computer; empty where it does."""
    found = [times] if isinstance(times, Failure) else times.targets[:1]
    return next((this.reason for this in found if this.status == "unsupported"), "")


def _none_taken(group: Group) -> Figures:
    """Say why nothing is timed: how fast the ONNX form is here says nothing about the device."""
    reason, failure = group.absent, Failure(status="unsupported", reason=group.absent)
    runtime = group.info.runtime_of(group.ours.form)
    return Figures(
        speed=_speed(failure, group, group.ours, COMPRESSED),
        memory=Memory(peak_rss_bytes=None, reason=reason),
        energy=Energy(reason=reason),
        warnings=(warned.of_absent_runtime(reason, runtime, group.quality),),
        twin_speed=_speed(failure, group, group.twin, TWIN) if group.twin else None,
    )


def _speed(times: SpeedTimes | Failure, group: Group, part: Part, name: str) -> Speed:
    threads, info = group.measures.threads, group.info
    sets = machine(threads).instruction_sets
    runtime = info.runtime_of(part.form) if part.native or group.absent else RUNTIME
    if isinstance(times, Failure):
        return no_speed(times.reason, runtime=runtime, threads=threads, instruction_sets=sets)
    return speed(
        times,
        name,
        runtime=runtime,
        device_verified=part.native and info.is_for_here(part.form),
        instruction_sets=sets,
        threads=threads,
        twin=TWIN if group.twin and name != TWIN else None,
        float32=group.float32.name,
        onnx=ONNX_FORM if group.onnx and name == COMPRESSED else None,
    )
