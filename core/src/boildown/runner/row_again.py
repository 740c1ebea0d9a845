"""One row of a stored run, measured again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..comparison.schema import Deployable, FloatTwin, Quality, Row, Speed
from ..comparison.stored import verified
from ..measuring.parity import parity
from ..measuring.quality import quality
from ..measuring.requests import Failure, Outputs, Target
from ..model.check import read_onnx
from ..negotiation.settings import deploy_settings
from ..plugins.values import Warned
from ..recipe.recipe import MEASURED
from . import warned
from .figures import Figures, Group, Part, take
from .golden import kept_outputs
from .verdict import NO_CHANGE, check_limits
from .work import COMPRESSED, TWIN

if TYPE_CHECKING:
    from pathlib import Path

    from ..recipe.recipe import Recipe
    from .endpoints import Endpoint
    from .stored_model import StoredModel

#: Said anew by each measurement.
_OF_SPEED = ("SLOWER", "STORAGE_ONLY", "DEFLATED_ONLY", "NOT_DEVICE_VERIFIED")
#: Said anew where quality is.
_OF_QUALITY = ("NEAR_CHANCE", "CONTROL_EXPLAINS_GAIN")

_CALIBRATED = Warned(
    code="CALIBRATED_ON_TEST",
    text="the run has calibrated on samples out of its test split, which may be among the data "
    "that this row is judged on",
)


@dataclass(frozen=True)
class Opens:
    """What opens a backend's files on this computer.

    `by_core`: the core's ONNX Runtime, without the backend's plugin. `absent`: nothing, and why.
    """

    place: Endpoint
    by_core: bool = False
    absent: str = ""


@dataclass(frozen=True)
class RowAgain:
    """A row of the run in `folder`, and what opens its files here."""

    row: Row
    recipe: Recipe
    model: StoredModel
    folder: Path
    opens: Opens

    @property
    def place(self) -> Endpoint:
        """The backend, or what stands in for it."""
        return self.opens.place

    def measured(self, made: Deployable) -> Row:
        """Return the row with everything that this computer can tell of its file told anew.

        Raises:
            UsageError: a file is not the one that the run has made, or its samples are damaged.
        """
        row, ours = self.row, self._target(COMPRESSED, made)
        twin = self._target(TWIN, row.float_twin.deployable) if row.float_twin else None
        again = self._on_samples(ours)
        failure = again if isinstance(again, Failure) else None
        absent = failure.reason if failure and failure.status == "unsupported" else ""
        figures = self._figures(ours, twin, made.format, absent)
        judged, broken = self._judged(ours, made.format) if failure is None else (None, None)
        # What is held against the same training on other data says nothing.
        control = row.control if judged is None or self.model.same_data else None
        stale = _OF_SPEED if judged is None else _OF_SPEED + _OF_QUALITY
        warnings = [w for w in row.warnings if w.code not in stale]
        warnings += figures.warnings
        if judged is not None:
            warnings += self.model.doubts
            warnings += warned.of_control(judged, control.quality if control else None)
        if judged is not None and any(w.code == "CALIBRATED_ON_TEST" for w in warnings):
            warnings = [w for w in warnings if w.code != "CALIBRATED_ON_TEST"] + [_CALIBRATED]
        if isinstance(again, Outputs):
            warnings.append(self._same_outputs(again, ours.artifact.path.parent))
        if row.quality is not None and judged is None:
            why = "no data were given" if failure is None else "the file does not run here"
            text = f"quality is what the run has measured, not taken anew: {why}"
            warnings.append(Warned(code="NOTE", text=text))
        found = row.model_copy(
            update={
                "machine": 0,
                "speed": figures.speed,
                "memory": figures.memory,
                "energy": figures.energy,
                "quality": judged or row.quality,
                "test_sha256": row.test_sha256
                if judged is None and row.quality is not None
                else self.model.test_sha256,
                "control": control,
                "float_twin": self._twin(twin, made.format, figures.twin_speed, failure),
                "warnings": tuple(warnings),
            }
        )
        ended = broken if failure is None else failure
        if ended is not None and ended.status != "unsupported":
            found = found.model_copy(update={"status": ended.status, "reason": ended.reason})
        elif isinstance(again, Outputs) or (judged is not None and judged.metrics):
            found = found.model_copy(update=_ran(row))
        return found.model_copy(
            update={
                "warnings": (*found.warnings, *warned.of_gain(found)),
                "limits": check_limits(found, self.recipe.limits),
            }
        )

    def _target(self, name: str, made: Deployable) -> Target:
        """Return one file of the run as a target, opened as when the run measured it."""
        file = verified(
            self.folder, made.path, sha256=made.sha256, form=made.format, what=f"the {name} model"
        )
        if made.format == "onnx":
            read_onnx(file.path)  # whoever sent the folder may have written it
        steps, info = self.recipe.steps, self.place.info
        return self.model.measures.target(
            name,
            file,
            None if self.opens.by_core else self.place,
            steps if name == COMPRESSED else (),
            deploy_settings(steps, self.place.name, info.deploy_settings),
        )

    def _on_samples(self, target: Target) -> Outputs | Failure | None:
        """Run the file on the samples beside it; None where the run has kept none."""
        if self.opens.absent:
            return Failure(status="unsupported", reason=self.opens.absent)
        measures = self.model.on_samples(target.artifact.path.parent)
        if measures is None:
            return None
        return measures.outputs(target, self.place, self.recipe.steps)

    def _figures(self, ours: Target, twin: Target | None, form: str, absent: str) -> Figures:
        group = Group(
            measures=self.model.timing(ours.artifact.path.parent),
            place=self.place,
            ours=Part(ours, form, native=not absent),
            twin=Part(twin, form, native=not absent) if twin else None,
            float32=self.model.source,
            absent=absent,
            quality="what the run has measured",
        )
        return take(group)

    def _judged(self, target: Target, form: str) -> tuple[Quality | None, Failure | None]:
        """Judge a file on the data that were given, and say what ended that; None without data."""
        measures, before = self.model.measures, self.model.outputs
        if before is None:
            return None, None
        steps = self.recipe.steps if target.name == COMPRESSED else ()
        outputs = measures.outputs(target, self.place, steps)
        task, runtime = measures.subject.entry.task, self.place.info.runtime_of(form)
        if isinstance(outputs, Failure):
            lost = Quality(task=task, measured_on=runtime, metrics=(), reason=outputs.reason)
            return lost, outputs
        return quality(outputs, before, task=task, measured_on=runtime), None

    def _twin(
        self, target: Target | None, form: str, speed: Speed | None, failure: Failure | None
    ) -> FloatTwin | None:
        twin = self.row.float_twin
        if twin is None or target is None:
            return None
        judged = self._judged(target, form)[0] if failure is None else None
        return twin.model_copy(update={"speed": speed, "quality": judged or twin.quality})

    def _same_outputs(self, outputs: Outputs, folder: Path) -> Warned:
        """Say how far the outputs are from those that the run has kept."""
        scratch = outputs.folder.with_name("recorded")
        batch = self.model.measures.io.batch
        recorded = kept_outputs(folder, outputs.names, scratch, batch)
        task = self.model.measures.subject.entry.task
        found = parity(outputs, recorded, task=task)
        far = found.max_abs_difference
        text = f"outputs for the {found.n} samples that the run has kept "
        text += "are not all finite" if far is None else f"differ by at most {far:.3g}"
        if batch and found.n < batch and far != 0:
            text += f"; the run had {batch} samples in their batch, on which they may depend"
        if found.top1_agreement is not None and found.top1_agreement < 1:
            return Warned(code="PARITY", text=f"{text}; not all have the same class")
        return Warned(code="NOTE", text=text)


def _ran(row: Row) -> dict[str, str]:
    """Return the status of a row that ran here; on the run's computer it may have failed."""
    if row.status in MEASURED:
        return {}
    if row.audit is not None and row.audit.layers_changed == 0:
        return {"status": "no_effect", "reason": NO_CHANGE}
    return {"status": "ok", "reason": ""}
