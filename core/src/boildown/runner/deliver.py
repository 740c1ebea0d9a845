"""Lay the files of a row down in the run's folder: deployable, log, facts and golden data."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import numpy as np

from ..artifact import Artifact, file_digest
from ..comparison.facts import FACTS, GOLDEN, GOLDEN_SAMPLES, INPUT, OF_SOURCE, OUTPUT, Facts
from ..comparison.folder import MODELS, ROWS
from ..data.batches import batches
from ..errors import UsageError
from ..files import write_atomically
from ..model.ports import onnx_ports

if TYPE_CHECKING:
    from pathlib import Path

    from ..job.protocol import JobResult
    from ..measuring.requests import Outputs
    from .subjects import Subject


def row_folder(out: Path, number: int, *names: str) -> Path:
    """Return the folder of row `number` (from 1), made anew and named for people."""
    words = "-".join(_words(name) for name in names)
    return made_anew(out / ROWS / f"{number:03d}-{words[:100]}")


def made_anew(folder: Path) -> Path:
    """Return a folder of the run without what an earlier run has left there.

    Raises:
        UsageError: that cannot be removed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise UsageError(f"{folder} cannot be made anew; remove it") from error
    return folder


def deliver_source(subject: Subject, out: Path) -> Path:
    """Copy the normalised source below `out`, so that it can be measured beside the rows again."""
    name = f"{subject.normalized.sha256[:16]}-{_words(subject.entry.uri)[:80]}.onnx"
    target = out / MODELS / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists() or file_digest(target) != subject.normalized.sha256:
        shutil.copyfile(subject.model.path, target)
    return target


def deliver(artifact: Artifact, folder: Path) -> Artifact:
    """Copy a deployable into the row's folder (a copy, since ONNX refuses hard links)."""
    target = folder / artifact.path.name
    if artifact.path.is_dir():
        shutil.copytree(artifact.path, target)
    else:
        shutil.copyfile(artifact.path, target)
    return Artifact(path=target, format=artifact.format)


def write_facts(subject: Subject, result: JobResult, folder: Path) -> None:
    """Write what a program must know to feed the deployable of `result`."""
    preprocessing = subject.entry.preprocessing
    layout = preprocessing.layout if preprocessing is not None else ""
    ports = result.ports or onnx_ports(subject.model.path)
    facts = Facts(
        # A file that says no layout has the source's.
        inputs=tuple(p.model_copy(update={"layout": p.layout or layout}) for p in ports.inputs),
        outputs=ports.outputs,
        ports_note=OF_SOURCE if result.ports is None else "",
        task=subject.entry.task,
        labels=subject.entry.labels or (subject.data.classes if subject.data else ()),
        licence=subject.entry.licence,
        preprocessing=preprocessing,
    )
    write_atomically(folder / FACTS, facts.model_dump_json(indent=1))


def write_golden(subject: Subject, outputs: Outputs, folder: Path) -> None:
    """Write the first test samples with the outputs that the deployable gave for them."""
    if subject.data is None:
        return
    first = next(batches(subject.data, "test", GOLDEN_SAMPLES, limit=GOLDEN_SAMPLES))
    arrays = {f"{INPUT}{name}": array for name, array in first.inputs.items()}
    for index, name in enumerate(outputs.names):
        stored = np.load(outputs.path(index), mmap_mode="r", allow_pickle=False)
        arrays[f"{OUTPUT}{name}"] = np.array(stored[:GOLDEN_SAMPLES])
    np.savez(folder / GOLDEN, **arrays)  # type: ignore[arg-type]


def _words(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._]+", "_", name).strip("_") or "x"
