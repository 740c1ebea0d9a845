"""Open what a run has laid down beside `comparison.json`, and prove that it is still the same."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from zipfile import BadZipFile

import numpy as np
from pydantic import ValidationError

from ..artifact import Artifact
from ..errors import UsageError
from .facts import FACTS, Facts, shipped_sha256

if TYPE_CHECKING:
    from pathlib import Path


def verified(folder: Path, path: str, *, sha256: str, form: str, what: str) -> Artifact:
    """Return a model of the run in `folder` after proving that it is the measured one.

    `what` names it in messages, as "the model of row 3".

    Raises:
        UsageError: it is missing, cannot be read, was changed after the run, or lies outside the
            folder.
    """
    relative = PurePosixPath(path)
    file = folder / relative
    try:
        if relative.is_absolute() or ".." in relative.parts or not _stays_inside(folder, file):
            raise UsageError(
                f"{what} is said to be {path!r}, which is outside the run's folder; a run writes "
                "no such path: comparison.json was changed, or is that of several runs together "
                "(then name one of these)."
            )
        if not file.exists():
            raise UsageError(
                f"{file}, {what}, is missing. Copy whole run folders, or run `boildown compare` "
                "again."
            )
        model = Artifact(path=file, format=form)
        found = shipped_sha256(model)
    except OSError as error:
        raise UsageError(f"{file}, {what}, cannot be read: {error.strerror}.") from error
    if found != sha256:
        raise UsageError(
            f"{file}, {what}, is not the model that was measured: its SHA-256 differs from the "
            "one in comparison.json. It was changed after the run; run `boildown compare` again."
        )
    return model


def facts_of(folder: Path) -> Facts:
    """Read the facts beside a model; UsageError where they are missing or broken."""
    try:
        return Facts.model_validate_json((folder / FACTS).read_bytes())
    except FileNotFoundError as error:
        raise UsageError(missing(folder / FACTS)) from error
    except OSError as error:
        raise UsageError(f"{folder / FACTS} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise UsageError(
            f"{folder / FACTS} is broken or was written by another version of boildown "
            f"({error.error_count()} fields do not fit). Run `boildown compare` again."
        ) from error


def golden_arrays(path: Path) -> dict[str, np.ndarray]:
    """Read a golden file; UsageError where it is missing or damaged."""
    try:
        # Objects would need pickle, which can run any code.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            return dict(arrays)
    except FileNotFoundError as error:
        raise UsageError(missing(path)) from error
    except (OSError, ValueError, EOFError, TypeError, BadZipFile) as error:
        raise UsageError(f"{path} is not a file of arrays: {error}.") from error


def missing(path: Path) -> str:
    """Say that a file is missing that belongs to every measured model."""
    return (
        f"{path} is missing, without which the model cannot be described. It belongs to every "
        "measured model; copy whole run folders, or run `boildown compare` again."
    )


def _stays_inside(folder: Path, path: Path) -> bool:
    """Links would let a foreign run folder hand over any file of this computer."""
    inner = [path, *path.rglob("*")] if path.is_dir() else [path]
    return all(file.resolve().is_relative_to(folder.resolve()) for file in inner)
