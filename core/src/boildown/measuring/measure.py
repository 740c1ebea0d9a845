"""The four measurements as functions of the host, each taken in fresh processes.

None raises for what a runtime does in there: what comes back is a value, or a reason instead.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ..comparison.schema import Energy, Memory
from .bench import Bench, wrong_answer
from .energy import POWERCAP, unreadable
from .requests import (
    EnergyRequest,
    EnergyUsed,
    Failure,
    MemoryPeak,
    MemoryRequest,
    ModelIO,
    Outputs,
    OutputsRequest,
    Sample,
    SpeedRequest,
    SpeedTimes,
    Target,
    Times,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..data.manifest import DataManifest, SplitName
    from ..recipe.steps import Step

BATCH_SIZE = 32


def batch_size_for(steps: Sequence[Step]) -> int:
    """Return the batch size to judge quality with.

    Dynamic quantization takes ranges over a whole batch, so its outputs depend on what else is
    in the batch: those models are judged one sample at a time, as they are used.
    """
    dynamic = any(step.op == "quantize" and step.activations == "dynamic" for step in steps)
    return 1 if dynamic else BATCH_SIZE


def measure_outputs(
    target: Target,
    *,
    io: ModelIO,
    data: DataManifest,
    folder: Path,
    bench: Bench,
    split: SplitName = "test",
    batch_size: int = BATCH_SIZE,
    limit: int | None = None,
    outputs: Sequence[str] | None = None,
) -> Outputs | Failure:
    """Run `target` over a split, at most `limit` samples, and store its outputs in `folder`.

    `outputs` None: the first output, which is what a classifier is judged by. A fixed batch of
    the model overrides `batch_size`.
    """
    request = OutputsRequest(
        target=target,
        io=io,
        data=data,
        split=split,
        batch_size=batch_size,
        limit=limit,
        outputs=tuple(outputs or io.outputs[:1]),
        folder=folder,
    )
    value = bench.ask(request)
    return value if isinstance(value, Outputs | Failure) else wrong_answer(value)


def measure_speed(
    targets: Sequence[Target],
    *,
    sample: Sample,
    bench: Bench,
    references: Sequence[str] = (),
    budget_seconds: float = 6.0,
) -> SpeedTimes | Failure:
    """Time all targets against each other in one process, at most about `budget_seconds` each.

    A target that raises is an entry with its reason. One that takes the process down while it
    is opened is one too, and the others are timed without it.
    """
    lost: dict[str, Times] = {}
    bench.workdir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="speed-", dir=bench.workdir) as folder:
        at = Path(folder, "at.txt")
        while True:
            at.write_text("", "utf-8")
            asked = tuple(target for target in targets if target.name not in lost)
            request = SpeedRequest(
                targets=asked,
                sample=sample,
                references=tuple(references),
                budget_seconds=budget_seconds,
                at=at,
            )
            value = bench.ask(request)
            culprit = at.read_text("utf-8")
            if not isinstance(value, Failure) or not culprit:
                break
            lost[culprit] = Times(name=culprit, status=value.status, reason=value.reason)
    if isinstance(value, SpeedTimes):
        found = lost | {times.name: times for times in value.targets}
        ordered = tuple(found[target.name] for target in targets)
        return value.model_copy(update={"targets": ordered})
    return value if isinstance(value, Failure) else wrong_answer(value)


def measure_memory(target: Target, *, sample: Sample, bench: Bench) -> Memory:
    """Return the peak resident memory of inference, null with the reason where that fails."""
    value = bench.ask(MemoryRequest(target=target, sample=sample))
    if isinstance(value, MemoryPeak):
        return Memory(
            peak_rss_bytes=value.peak_rss_bytes,
            model_rss_bytes=value.model_rss_bytes,
        )
    failure = value if isinstance(value, Failure) else wrong_answer(value)
    return Memory(peak_rss_bytes=None, reason=failure.reason)


def measure_energy(
    target: Target,
    *,
    sample: Sample,
    bench: Bench,
    seconds: float = 3.0,
    root: Path = POWERCAP,
) -> Energy:
    """Return joules per inference where this computer counts them, else null with the reason."""
    reason = unreadable(root)
    if reason:
        return Energy(reason=reason)
    value = bench.ask(EnergyRequest(target=target, sample=sample, root=root, seconds=seconds))
    if isinstance(value, EnergyUsed):
        return Energy(joules=value.joules)
    failure = value if isinstance(value, Failure) else wrong_answer(value)
    return Energy(reason=failure.reason)
