"""Second pass over a cell of the grid: time it alone, and write everything down as one row."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from ..artifact import Artifact
from ..comparison.facts import shipped_sha256
from ..comparison.folder import TWINS
from ..comparison.schema import (
    Control,
    Deployable,
    FloatTwin,
    Provenance,
    Row,
    Speed,
    StepDone,
)
from ..measuring.requests import Failure, Outputs
from . import warned
from .deliver import deliver, made_anew, row_folder, write_facts, write_golden
from .figures import ONNX_QUALITY, Group, Part, take
from .verdict import NO_CHANGE, check_limits
from .work import ONNX_FORM, Judged, Worked

if TYPE_CHECKING:
    from pathlib import Path

    from ..plugins.values import Warned

LOG = "log.txt"


def make_row(worked: Worked, out: Path, number: int, *, timed: bool) -> Row:
    """Return the row of a worked cell, its files laid down below `out`."""
    recipe, place, judged = worked.recipe, worked.place, worked.judged
    entry, result = worked.measured.subject.entry, worked.done.result
    folder = row_folder(out, number, entry.uri, recipe.name, place.name)
    row = Row(
        model=entry.uri,
        recipe=recipe.name,
        backend=place.name,
        status=result.status,
        reason=result.reason,
        warnings=(*worked.measured.warnings, *warned.of_steps(result), *worked.lacks),
        steps=tuple(
            StepDone(op=step.op, settings=step.settings, approximations=step.approximations)
            for step in result.steps
        ),
        cost=result.cost,
        provenance=_provenance(worked, folder, out),
    )
    if judged is not None:
        row = _with_files(row, worked, judged, folder, out)
        if timed:
            row = _with_figures(row, worked, judged, out)
    elif row.status != "ok":
        return row
    return row.model_copy(update={"limits": check_limits(row, recipe.limits)})


def _with_files(row: Row, worked: Worked, judged: Judged, folder: Path, out: Path) -> Row:
    subject, facts = worked.measured.subject, judged.facts
    status, reason = row.status, row.reason
    if isinstance(judged.outputs, Failure) and judged.outputs.status != "unsupported":
        status, reason = judged.outputs.status, judged.outputs.reason
    elif _did_nothing(judged):
        said = [w.text for w in row.warnings if w.code == "NOTE"]
        status, reason = "no_effect", "; ".join([NO_CHANGE, *said])
    write_facts(subject, judged.done.result, folder)
    if isinstance(judged.outputs, Outputs):
        write_golden(subject, judged.outputs, folder)
    found: list[Warned] = [
        *row.warnings,
        *warned.of_audit(facts.audit, subject, worked.recipe.steps),
        *warned.of_outputs(judged.outputs),
        *warned.of_parity(judged.parity, facts.disagreements),
    ]
    if worked.control is not None:
        found += warned.of_control(judged.quality, worked.control.quality)
    control_quality = worked.control.quality if worked.control is not None else None
    return row.model_copy(
        update={
            "status": status,
            "reason": reason,
            "warnings": tuple(found),
            "deployable": _deployable(judged, folder, out),
            "quality": judged.quality,
            "parity": judged.parity,
            "audit": facts.audit,
            "control": Control(quality=control_quality) if control_quality else None,
        }
    )


def _did_nothing(judged: Judged) -> bool:
    """Tell whether the audit found no change; where nothing was audited, whether no file changed.

    A step that only wrote the same model anew is seen by the audit alone.
    """
    audit = judged.facts.audit
    if audit is not None:
        return audit.layers_changed == 0
    steps = judged.done.result.steps
    return bool(steps) and all(step.digest == step.input_digest for step in steps)


def _with_figures(row: Row, worked: Worked, judged: Judged, out: Path) -> Row:
    """Take the figures that need the machine for themselves."""
    onnx, twin = judged.done.result.onnx, worked.twin
    other_form = (
        judged.native
        and judged.parity is not None
        and onnx is not None
        and onnx.digest != judged.target.artifact.digest
    )
    measures = worked.measured.measures
    found = take(
        Group(
            measures=measures,
            place=worked.place,
            ours=_part(judged),
            twin=_part(twin) if twin is not None else None,
            float32=worked.measured.target,
            onnx=measures.target(ONNX_FORM, onnx) if other_form and onnx is not None else None,
            absent=judged.absent,
            quality=ONNX_QUALITY if measures.has_test else "not measured",
        )
    )
    row = row.model_copy(
        update={
            "speed": found.speed,
            "memory": found.memory,
            "energy": found.energy,
            "float_twin": _float_twin(worked, found.twin_speed, out),
        }
    )
    warnings = (*row.warnings, *found.warnings, *warned.of_gain(row))
    return row.model_copy(update={"warnings": warnings})


def _part(judged: Judged) -> Part:
    """Return what is timed: the file, or its ONNX form with the format that it speaks for."""
    made = judged.done.result.deployable
    form = made.format if judged.absent and made else judged.target.artifact.format
    return Part(judged.target, form, judged.native)


def _float_twin(worked: Worked, speed: Speed | None, out: Path) -> FloatTwin | None:
    twin = worked.twin
    if twin is None:
        return None
    folder = made_anew(out / TWINS / f"{twin.done.key[:16]}-{worked.place.name}")
    write_facts(worked.measured.subject, twin.done.result, folder)
    return FloatTwin(deployable=_deployable(twin, folder, out), quality=twin.quality, speed=speed)


def _deployable(judged: Judged, folder: Path, out: Path) -> Deployable:
    made = judged.done.result.deployable or Artifact(path=folder)
    shipped = deliver(made, folder)
    size = judged.facts.size
    return Deployable(
        path=shipped.path.relative_to(out).as_posix(),
        format=shipped.format,
        sha256=shipped_sha256(shipped),
        bytes=size.bytes,
        deflated_bytes=size.deflated_bytes,
        bits_per_weight=size.bits_per_weight,
        entropy_bits_per_weight=size.entropy_bits_per_weight,
        parameters=judged.facts.parameters,
        macs=judged.facts.macs,
        reason=judged.facts.reason,
    )


def _provenance(worked: Worked, folder: Path, out: Path) -> Provenance:
    log: str | None = None
    if worked.done.log.exists() and worked.done.log.stat().st_size:
        shutil.copyfile(worked.done.log, folder / LOG)
        log = (folder / LOG).relative_to(out).as_posix()
    return Provenance(
        versions=worked.done.result.versions,
        seed=worked.recipe.seed,
        key=worked.done.key,
        log=log,
    )
