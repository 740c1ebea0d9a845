"""The values that cross the plugin boundary, beside `Artifact`, steps, offers and manifests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from pydantic import Field, PrivateAttr

from ..artifact import Artifact
from ..data.manifest import DataManifest
from ..data.preprocessing import Preprocessing
from ..frozen import Frozen
from ..negotiation.offers import Offer, Refusal
from ..recipe.recipe import Expect
from ..recipe.steps import Op, Step
from .carried import carried

API_VERSION = 1
#: The task whose outputs are scores of classes; what is judged of other tasks, metrics say.
CLASSIFICATION = "classification"

WarningCode = Literal[
    "SLOWER",
    "STORAGE_ONLY",
    "DEFLATED_ONLY",
    "PARITY",
    "PARTIAL",
    "APPROXIMATED",
    "CONTROL_EXPLAINS_GAIN",
    "NO_CONTROL",
    "NO_TWIN",
    "NOT_DEVICE_VERIFIED",
    "NEAR_CHANCE",
    "CALIBRATED_ON_TEST",
    "NOTE",
]


class Warned(Frozen):
    """Something a reader of the result must know, with a code that programs can match."""

    code: WarningCode
    text: str


class BackendInfo(Frozen):
    """What a backend is and can do, told without importing its toolkit."""

    api: int = API_VERSION
    toolkit: str
    #: Distribution whose installed version is the toolkit's.
    distribution: str
    offers: tuple[Offer, ...]
    refusals: tuple[Refusal, ...] = ()
    #: Formats of its deployables, the default first.
    formats: tuple[str, ...] = ("onnx",)
    #: Distributions that must be installed beside the plugin, for `boildown backends`.
    needs: tuple[str, ...] = ()
    #: `sys.platform` values on which compressing works.
    platforms: tuple[str, ...] = ("linux", "darwin")
    #: Top-level modules that must not be imported before a step runs.
    heavy_modules: tuple[str, ...] = ()
    #: Format -> name of the runtime that opens it here; left out: the toolkit.
    runtimes: dict[str, str] = Field(default_factory=dict)
    #: False for a phone runtime: its speed on this computer says little about the device.
    targets_this_computer: bool = True
    #: What is judged where no runtime opens the file here, as reports say it (`measured_on`).
    stand_in: str = "ONNX form in ONNX Runtime"
    #: Of `formats`, those made for another device where the backend as a whole is not.
    device_formats: tuple[str, ...] = ()
    #: Of `formats`, those that may run code of whoever wrote the file when it is opened (pickle).
    code_formats: tuple[str, ...] = ()
    maintained: bool = True
    citation: str = ""
    #: JSON schema of `with: {<name>: …}` by operation.
    settings_schema: dict[Op, dict[str, Any]] = Field(default_factory=dict)
    #: Of these settings, those that say what file ships: given in one step, they hold for the
    #: whole job, its float twin and its control.
    deploy_settings: tuple[str, ...] = ()
    #: Of those, the ones that write into the file what images and classes the model takes; a job
    #: with one of them knows the model's preprocessing and labels.
    port_settings: tuple[str, ...] = ()

    def runtime_of(self, form: str) -> str:
        """Return the name of the runtime that opens deployables of a format here."""
        return self.runtimes.get(form, self.toolkit)

    def is_for_here(self, form: str) -> bool:
        """Tell whether this computer is what deployables of a format are made for."""
        return self.targets_this_computer and form not in self.device_formats


class StepOutcome(Frozen):
    """What a step made, and every way in which it is not exactly what was asked."""

    artifact: Artifact
    approximations: tuple[str, ...] = ()
    warnings: tuple[Warned, ...] = ()
    #: Passes over the training data that the step really made.
    epochs: int = 0


class ModelEntry(Frozen):
    """A model as a source gives it: the file and everything needed to feed and judge it."""

    uri: str
    path: Path
    preprocessing: Preprocessing | None = None
    labels: tuple[str, ...] = ()
    task: str = CLASSIFICATION
    default_data: str | None = None
    expect: Expect | None = None
    licence: str = ""
    description: str = ""
    #: What a reader of every result of this model must know.
    warnings: tuple[Warned, ...] = ()


class Listing(Frozen):
    """One line of `boildown models` or `boildown datasets`."""

    uri: str
    description: str
    licence: str = ""


class Context(Frozen):
    """What a hook may use besides its model: plain data, so that it can cross to any process."""

    workdir: Path
    seed: int = 0
    threads: int = 1
    device: str = "cpu"
    data: DataManifest | None = None
    #: The normalised ONNX source, untouched.
    original: Artifact
    #: The source's own, where a setting of the recipe writes them into the file
    #: (`BackendInfo.port_settings`); else None and empty.
    preprocessing: Preprocessing | None = None
    labels: tuple[str, ...] = ()
    #: Teachers and students that the recipe names, by URI.
    models: dict[str, ModelEntry] = Field(default_factory=dict)
    #: The whole chain, and which step of it runs now (`len(steps)` while deploying).
    steps: tuple[Step, ...] = ()
    index: int = 0
    #: `with` of this step for this backend, already checked against its schema, and what any step
    #: says of the file that ships (`BackendInfo.deploy_settings`): that alone while deploying.
    settings: dict[str, Any] = Field(default_factory=dict)
    _report: Callable[[int, int, str], None] | None = PrivateAttr(default=None)

    @property
    def network(self) -> Artifact:
        """The normalised ONNX whose layers the given model has: `original`, or a named student."""
        return carried(self.steps[: self.index], self.original, self.models)

    def progress(self, done: int, total: int, text: str = "") -> None:
        """Tell the host how far a long piece of work is; cheap enough to call once a batch."""
        if self._report is not None:
            self._report(done, total, text)

    def reporting_to(self, report: Callable[[int, int, str], None]) -> Context:
        """Return a copy whose progress goes to `report`; used by the worker."""
        copy = self.model_copy()
        copy._report = report  # noqa: SLF001 - the copy is an object of this very class
        return copy


class Runtime(Protocol):
    """A loaded deployable, ready to run on this computer."""

    def run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the outputs by the source's names, NCHW, batch first.

        Takes every batch size that the source takes.
        """
        ...
