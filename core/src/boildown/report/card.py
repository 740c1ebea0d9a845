"""`card.json`: everything that a program, or the engineer who writes it, must know of a model."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Literal

from ..comparison.audited import Audit
from ..comparison.facts import GOLDEN
from ..comparison.schema import (
    Baseline,
    Deployable,
    Energy,
    Machine,
    Memory,
    Parity,
    Provenance,
    Quality,
    Speed,
    StepDone,
)
from ..data.preprocessing import Preprocessing
from ..frozen import Frozen
from ..model.ports import Port
from ..plugins.values import Warned
from ..recipe.recipe import Status
from .stored import why_no_outputs

if TYPE_CHECKING:
    from ..comparison.facts import Facts
    from .view import View

_GOLDEN_NOTE = (
    "Arrays `input.<name>` and `output.<name>`, preprocessed, batch first, under the names and in "
    "the NCHW layout of the source model, as real numbers; where `source_name`, `layout` or "
    "`scale` of an input or output says otherwise, rename, transpose and round before feeding it."
)


class Golden(Frozen):
    """A few inputs with the outputs that the model gave for them on the measuring computer."""

    path: str = GOLDEN
    samples: int
    convention: str = _GOLDEN_NOTE


class Figures(Frozen):
    """The measured figures, in the words of comparison.json."""

    status: Status
    reason: str
    warnings: tuple[Warned, ...]
    size: Deployable
    quality: Quality | None
    speed: Speed | None
    memory: Memory | None
    energy: Energy | None
    parity: Parity | None
    #: Without the list of layers.
    audit: Audit | None
    #: The float32 ONNX input, for every ratio.
    baseline: Baseline | None
    machine: Machine


class Card(Frozen):
    """A model that leaves the comparison, with all that belongs to it."""

    card: Literal[1] = 1
    #: The version that wrote the card.
    boildown: str
    #: The model's file or folder, relative to the card.
    path: str
    format: str
    sha256: str
    source: str
    source_sha256: str | None
    recipe: str
    backend: str
    task: str
    licence: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    #: Empty, or why inputs and outputs may be others in the file.
    ports_note: str
    preprocessing: Preprocessing | None
    #: File with one class name a line in the order of the scores; null: names are unknown.
    labels: str | None
    #: Null where the run computed no outputs, with the reason beside it.
    golden: Golden | None
    golden_reason: str
    steps: tuple[StepDone, ...]
    figures: Figures
    provenance: Provenance | None


def card(view: View, file: Deployable, facts: Facts, machine: Machine, samples: int | None) -> Card:
    """Return the card of one row; paths in it are those of the exported folder.

    Args:
        view: the row and its model.
        file: what the run says of the model's file.
        facts: what stands beside it.
        machine: where it was measured.
        samples: in `golden.npz`; None: the run made none.
    """
    row, name = view.row, file.path.rsplit("/", 1)[-1]
    audit = row.audit.model_copy(update={"layers": ()}) if row.audit else None
    return Card(
        boildown=version("boildown"),
        path=name,
        format=file.format,
        sha256=file.sha256,
        source=row.model,
        source_sha256=view.model.sha256 if view.model else None,
        recipe=row.recipe,
        backend=row.backend,
        task=facts.task,
        licence=facts.licence,
        inputs=facts.inputs,
        outputs=facts.outputs,
        ports_note=facts.ports_note,
        preprocessing=facts.preprocessing,
        labels="labels.txt" if facts.labels else None,
        golden=Golden(samples=samples) if samples is not None else None,
        golden_reason=why_no_outputs(row) if samples is None else "",
        steps=row.steps,
        figures=Figures(
            status=row.status,
            reason=row.reason,
            warnings=row.warnings,
            size=file.model_copy(update={"path": name}),
            quality=row.quality,
            speed=row.speed,
            memory=row.memory,
            energy=row.energy,
            parity=row.parity,
            audit=audit,
            baseline=view.model.baseline if view.model else None,
            machine=machine,
        ),
        provenance=row.provenance,
    )
