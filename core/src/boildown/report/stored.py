"""Read back what a run stored beside each model, and prove that it is still the same."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np
from pydantic import ValidationError

from ..artifact import Artifact
from ..comparison.facts import FACTS, INPUT, OUTPUT, Facts, shipped_sha256
from ..errors import UsageError
from .text import clean

if TYPE_CHECKING:
    from pathlib import Path

    from ..comparison.schema import Deployable, Row
    from .view import View


def deployable_of(view: View) -> Deployable:
    """Return what the run says of the model of this row; UsageError where it has none."""
    if view.row.deployable is None:
        because = clean(view.row.reason) or "the run did not keep its model"
        raise UsageError(
            f"Row {view.number} has no model to export: it is {view.row.status}, {because}."
        )
    return view.row.deployable


def verified_model(folder: Path, view: View, file: Deployable) -> Artifact:
    """Return the model after proving that it is the measured one, inside the run's folder.

    Raises:
        UsageError: it is missing, was changed after the run, or lies outside the folder.
    """
    relative = PurePosixPath(file.path)
    path = folder / relative
    if relative.is_absolute() or ".." in relative.parts or not _stays_inside(folder, path):
        raise UsageError(
            f"Row {view.number} names the model {file.path!r}, which is outside the run's folder; "
            "boildown writes no such path, so comparison.json was changed. Nothing was exported."
        )
    if not path.exists():
        raise UsageError(
            f"{path}, the model of row {view.number}, is missing. Copy whole run folders, or run "
            "`boildown compare` again."
        )
    model = Artifact(path=path, format=file.format)
    if shipped_sha256(model) != file.sha256:
        raise UsageError(
            f"{path} is not the model that was measured: its SHA-256 differs from the one in "
            "comparison.json. It was changed after the run; run `boildown compare` again."
        )
    return model


def _stays_inside(folder: Path, path: Path) -> bool:
    """Links would let a foreign run folder hand over any file of this computer."""
    inner = [path, *path.rglob("*")] if path.is_dir() else [path]
    return all(file.resolve().is_relative_to(folder.resolve()) for file in inner)


def facts_of(folder: Path) -> Facts:
    """Read the facts beside a model; UsageError where they are missing or broken."""
    try:
        return Facts.model_validate_json((folder / FACTS).read_bytes())
    except FileNotFoundError as error:
        raise UsageError(_without(folder / FACTS)) from error
    except ValidationError as error:
        raise UsageError(
            f"{folder / FACTS} is broken or was written by another version of boildown "
            f"({error.error_count()} fields do not fit). Run `boildown compare` again."
        ) from error


def golden_samples(path: Path, row: Row) -> int | None:
    """Count the samples of a golden file; None where the run computed no outputs for one.

    Raises:
        UsageError: it is damaged, or missing although the row was measured.
    """
    if not path.exists() and why_no_outputs(row):
        return None
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            counts = {name: arrays[name].shape[:1] for name in arrays.files}
    except FileNotFoundError as error:
        raise UsageError(_without(path)) from error
    except (OSError, ValueError, EOFError, TypeError, BadZipFile) as error:
        raise UsageError(f"{path} is not a file of arrays: {error}.") from error
    sides = [any(name.startswith(side) for name in counts) for side in (INPUT, OUTPUT)]
    if not all(sides) or len(set(counts.values())) != 1 or () in counts.values():
        raise UsageError(
            f"{path} does not hold the same number of inputs and outputs; it is damaged. "
            "Run `boildown compare` again."
        )
    return int(next(iter(counts.values()))[0])


def why_no_outputs(row: Row) -> str:
    """Return why the run has no outputs of this model; empty where it has."""
    quality = row.quality
    if quality is None:
        return row.reason or "the run did not measure this model"
    if quality.agreement is None and all(metric.value is None for metric in quality.metrics):
        return quality.reason or "the run computed no outputs"
    return ""


def _without(path: Path) -> str:
    return (
        f"{path} is missing, without which the model cannot be described. It belongs to every "
        "measured model; copy whole run folders, or run `boildown compare` again."
    )
