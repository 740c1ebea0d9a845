"""`job.json` and `result.json`: what host and worker tell each other, schema-versioned.

A worker may live in another interpreter or be another program; these two files are all it shares.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from ..artifact import Artifact
from ..data.manifest import DataManifest
from ..data.preprocessing import Preprocessing
from ..frozen import Frozen
from ..model.ports import Ports
from ..model.state import LayerState
from ..plugins.values import ModelEntry, Warned
from ..recipe.recipe import Status
from ..recipe.steps import Op, Step, Train

PROTOCOL = 1


class Job(Frozen):
    """One model with one chain of steps on one backend. No steps: the float twin."""

    protocol: int = PROTOCOL
    kind: Literal["compress", "twin", "control"] = "compress"
    backend: str
    model: Artifact
    steps: tuple[Step, ...] = ()
    #: `with` of each step for this backend.
    settings: tuple[dict[str, Any], ...] = ()
    #: What of `with` says which file ships: part of the settings of every step and of deploying.
    deploy: dict[str, Any] = Field(default_factory=dict)
    #: Only for `control`: train the untouched model with each of these, in order.
    train: tuple[Train, ...] = ()
    workdir: Path
    seed: int = 0
    threads: int = 1
    device: str = "cpu"
    data: DataManifest | None = None
    models: dict[str, ModelEntry] = Field(default_factory=dict)
    #: The model's own, where the file is to say them.
    preprocessing: Preprocessing | None = None
    labels: tuple[str, ...] = ()


class Cost(Frozen):
    """What a piece of work cost: seconds and bytes of the process that did it."""

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_rss_bytes: int = 0
    epochs: int = 0


class StepReport(Frozen):
    """What one step of the chain did."""

    op: Op
    settings: dict[str, Any]
    artifact: Artifact
    approximations: tuple[str, ...] = ()
    warnings: tuple[Warned, ...] = ()
    cost: Cost = Cost()
    #: SHA-256 of what the step was given and of what it made, checked before it is reused.
    input_digest: str = ""
    digest: str = ""


class JobResult(Frozen):
    """What came of a job. Failures are results too, so one backend cannot spoil a comparison."""

    protocol: int = PROTOCOL
    status: Status
    reason: str = ""
    steps: tuple[StepReport, ...] = ()
    deployable: Artifact | None = None
    #: The deployable's numbers as ONNX; None with the reason where that cannot be.
    onnx: Artifact | None = None
    onnx_reason: str = ""
    layers: tuple[LayerState, ...] | None = None
    layers_reason: str = ""
    #: Inputs and outputs of the deployable; None: nothing reads them from such a file.
    ports: Ports | None = None
    #: Why there is no native runtime here; empty: there is one.
    runtime_reason: str = ""
    cost: Cost = Cost()
    #: Distribution -> version of everything that the worker had loaded.
    versions: dict[str, str] = Field(default_factory=dict)
