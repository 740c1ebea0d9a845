"""The hooks of boildown, for backends, sources and observers.

A backend implements `backend_info`, `deploy`, `to_onnx`, `layers` and the operations that it
offers, `open_runtime` and `ports` where it can and `train` if a step trains. A source implements
the `provide_` and `list_` hooks, an observer what it wants to hear of.

Every hook reads files and writes new ones below `context.workdir`; none touches its input.
"""

# A specification says what a hook is given and gives; it has no body to return that.
# mypy: disable-error-code="empty-body"

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pluggy

from ..artifact import Artifact
from ..model.ports import Ports
from ..model.state import LayerState
from ..recipe.steps import Cluster, Distill, Prune, Quantize, Train
from .values import (
    BackendInfo,
    Context,
    Listing,
    ModelEntry,
    Runtime,
    StepOutcome,
)

if TYPE_CHECKING:
    from ..data.manifest import DataManifest

PROJECT = "boildown"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec(firstresult=True)
def backend_info() -> BackendInfo:
    """Say what this backend is and offers. Called often: must not import the toolkit."""


@hookspec(firstresult=True)
def quantize(model: Artifact, step: Quantize, context: Context) -> StepOutcome:
    """Store weights, and activations where asked, in fewer bits."""


@hookspec(firstresult=True)
def prune(model: Artifact, step: Prune, context: Context) -> StepOutcome:
    """Zero or remove the least useful weights."""


@hookspec(firstresult=True)
def cluster(model: Artifact, step: Cluster, context: Context) -> StepOutcome:
    """Leave at most `step.count` distinct values in each group of weights."""


@hookspec(firstresult=True)
def distill(model: Artifact, step: Distill, context: Context) -> StepOutcome:
    """Train a student to imitate `step.teacher`."""


@hookspec(firstresult=True)
def train(model: Artifact, settings: Train, context: Context) -> Artifact:
    """Train without compressing, as the step would: the control of every step that trains."""


@hookspec(firstresult=True)
def deploy(model: Artifact, context: Context) -> Artifact:
    """Write the file that a user ships, from any artifact of the chain or the untouched ONNX."""


@hookspec(firstresult=True)
def to_onnx(deployable: Artifact, context: Context) -> Artifact:
    """Return the numbers of what ships as ONNX, with the source's input and output names."""


@hookspec(firstresult=True)
def open_runtime(deployable: Artifact, context: Context) -> Runtime:
    """Load the deployable natively with `context.threads`; UnsupportedError where it cannot."""


@hookspec(firstresult=True)
def layers(deployable: Artifact, context: Context) -> list[LayerState]:
    """Decode every layer from the saved file, named as in `context.network`."""


@hookspec(firstresult=True)
def ports(deployable: Artifact, context: Context) -> Ports:
    """Read inputs and outputs from a deployable that is not ONNX, which the core reads itself."""


@hookspec(firstresult=True)
def provide_model(uri: str, workdir: Path, trust: bool) -> ModelEntry | None:  # noqa: FBT001 - pluggy calls by name
    """Return the model that `uri` names, files below `workdir` or the source's own; else None.

    A source that would run code of the user's does so only with `trust`, which no recipe can give;
    without it, it raises UriError.
    """


@hookspec(firstresult=True)
def provide_dataset(uri: str, workdir: Path) -> DataManifest | None:
    """Return the dataset that `uri` names, else None."""


@hookspec
def list_models() -> list[Listing]:
    """List the models of this source, without loading any."""


@hookspec
def list_datasets() -> list[Listing]:
    """List the datasets of this source, without loading any."""


@hookspec
def job_started(job: str, title: str, steps: int) -> None:
    """Observe: the job with this key begins. Host only."""


@hookspec
def step_started(job: str, index: int, op: str) -> None:
    """Observe: one step of the job begins (`op` is `deploy`, `measure`, … after the last)."""


@hookspec
def job_finished(job: str, status: str, reason: str) -> None:
    """Observe: the job ended, well or not."""
