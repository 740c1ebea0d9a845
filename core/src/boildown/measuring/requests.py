"""What host and measuring process tell each other: requests, and the values that come back.

A request names one or more targets. Values hold raw figures; ratios and quality are computed on
the host, from values and files, so that they can be computed again without measuring again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from ..artifact import Artifact
from ..data.manifest import DataManifest, SplitName
from ..frozen import Frozen
from ..plugins.values import Context

FailureStatus = Literal["failed", "timeout", "out_of_memory", "unsupported"]


class Failure(Frozen):
    """Why there is no figure, in words fit for a report."""

    status: FailureStatus
    reason: str


class Target(Frozen):
    """One model to run. Without `backend` it is ONNX, run by ONNX Runtime; `name` is for reports.

    `context` is what the backend's `open_runtime` gets; ONNX Runtime needs none.
    """

    name: str
    artifact: Artifact
    backend: str | None = None
    context: Context | None = None
    threads: Annotated[int, Field(ge=1)] = 1


class Port(Frozen):
    """One input of the source ONNX; None is an axis of free length, the first axis the batch."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str


class ModelIO(Frozen):
    """Inputs and names of outputs of the source ONNX, in its order: the contract of every form."""

    inputs: tuple[Port, ...]
    outputs: tuple[str, ...]

    @property
    def batch(self) -> int | None:
        """The batch size that the graph fixes; None: any."""
        shape = self.inputs[0].shape
        return shape[0] if shape else None


class Sample(Frozen):
    """One batch of inputs on disk (`.npz`, arrays in the order of `names`), for timing."""

    path: Path
    names: tuple[str, ...]
    batch: int


class OutputsRequest(Frozen):
    """Run one target over a split and store what comes out."""

    kind: Literal["outputs"] = "outputs"
    target: Target
    io: ModelIO
    data: DataManifest
    split: SplitName = "test"
    batch_size: Annotated[int, Field(ge=1)]
    limit: Annotated[int, Field(ge=1)] | None = None
    #: Which outputs to store.
    outputs: tuple[str, ...]
    folder: Path


class SpeedRequest(Frozen):
    """Time several targets against each other in one process."""

    kind: Literal["speed"] = "speed"
    targets: tuple[Target, ...]
    sample: Sample
    #: Names of the targets that ratios are taken against.
    references: tuple[str, ...] = ()
    budget_seconds: Annotated[float, Field(gt=0)]
    #: Where the name of the target stands that is being opened, to know which one crashed.
    at: Path


class MemoryRequest(Frozen):
    """Load one target in this process, run it, and read the peak resident memory."""

    kind: Literal["memory"] = "memory"
    target: Target
    sample: Sample
    inferences: Annotated[int, Field(ge=1)] = 5


class EnergyRequest(Frozen):
    """Run one target for a while between two readings of the energy counters below `root`."""

    kind: Literal["energy"] = "energy"
    target: Target
    sample: Sample
    root: Path
    seconds: Annotated[float, Field(gt=0)]


class Outputs(Frozen):
    """Outputs of one target over a split: `folder` holds one float32 `.npy` per name, and truth.

    Every file has the samples as its first axis, in the order of the split.
    """

    kind: Literal["outputs"] = "outputs"
    folder: Path
    names: tuple[str, ...]
    n: int
    labelled: bool
    #: Outputs whose truth the data hold, where that is no class.
    truths: tuple[str, ...] = ()
    #: Samples with a NaN or an infinity in any stored output.
    non_finite: int
    batch: int

    def path(self, index: int = 0) -> Path:
        """Return the file of one output; the first is what a classifier is judged by."""
        return self.folder / f"output{index}.npy"

    @property
    def labels(self) -> Path | None:
        """The file of labels, int64 of shape (n,), None where the data has none."""
        return self.folder / "labels.npy" if self.labelled else None

    @property
    def truth(self) -> tuple[Path, ...]:
        """The files of what should come out: labels, or one file for each of `truths`."""
        if self.labels is not None:
            return (self.labels,)
        return tuple(self.folder / f"truth{index}.npy" for index in range(len(self.truths)))


class Times(Frozen):
    """Raw times of one target; `cpu` and `wall` hold seconds per inference, one for each round."""

    name: str
    status: Literal["ok", "failed", "timeout", "out_of_memory", "unsupported"] = "ok"
    reason: str = ""
    load_ms: float | None = None
    first_ms: float | None = None
    p50_ms: float | None = None
    p90_ms: float | None = None
    #: Inferences in each sample.
    inner: int = 0
    cpu: tuple[float, ...] = ()
    wall: tuple[float, ...] = ()


class SpeedTimes(Frozen):
    """Times of a group; round i of every target belongs to round i of every other."""

    kind: Literal["speed"] = "speed"
    targets: tuple[Times, ...]
    batch: int
    #: Whether every ratio was narrow enough before the time was up.
    settled: bool
    #: Cores that other processes kept busy meanwhile, on average; None: not known.
    others_busy: float | None = None


class MemoryPeak(Frozen):
    """Peak resident memory in bytes: of the whole process, and above what it held before load."""

    kind: Literal["memory"] = "memory"
    peak_rss_bytes: int
    model_rss_bytes: int | None


class EnergyUsed(Frozen):
    """Joules per inference, everything on the CPU packages included."""

    kind: Literal["energy"] = "energy"
    joules: float
    inferences: int


Request = Annotated[
    OutputsRequest | SpeedRequest | MemoryRequest | EnergyRequest, Field(discriminator="kind")
]
Value = Annotated[Outputs | SpeedTimes | MemoryPeak | EnergyUsed, Field(discriminator="kind")]


class Ask(Frozen):
    """The file REQUEST.json."""

    request: Request


class Answer(Frozen):
    """The file ANSWER.json: a value, or why there is none."""

    value: Value | None = None
    failure: Failure | None = None
