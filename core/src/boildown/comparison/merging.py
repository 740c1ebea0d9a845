"""Several comparisons as one; what was timed on different machines stays apart."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import UsageError
from ..recipe.recipe import MEASURED
from .baselines import baselines
from .subjects import record_subject, row_subject

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .schema import Comparison, Deployable, Machine, ModelRecord, Row
    from .subjects import Subject

_T = TypeVar("_T")
#: What of a recipe decides the figures of a row.
_DECIDE = ("steps", "seed", "data", "input")


def moved(comparison: Comparison, folder: Path, out: Path) -> Comparison:
    """Return the comparison of a run in `folder` with its paths relative to `out`."""
    rows = tuple(_moved_row(row, folder, out) for row in comparison.results)
    models = tuple(_moved_model(model, folder, out) for model in comparison.models)
    return comparison.model_copy(update={"results": rows, "models": models})


def merged(runs: Sequence[tuple[str, Comparison]]) -> Comparison:
    """Return the rows of all runs, each given with a name for messages.

    Of rows with one model, recipe, backend, machine and test data the last run's stays,
    unless that has tested nothing; of baselines the last figure that is not null.

    Raises:
        UsageError: two runs call different models or recipes by one name.
    """
    machines = list(dict.fromkeys(machine for _, run in runs for machine in run.machines))
    _refuse_other_models(runs)
    recipes = _recipes(runs)
    models = baselines(model for _, run in runs for model in _placed(run.models, run, machines))
    known = [record_subject(model) for model in models]
    rows: dict[tuple[Subject, str, str], Row] = {}
    for _, run in runs:
        for row in _placed(run.results, run, machines):
            job = row_subject(row, known), row.recipe, row.backend
            if _replaces(row, rows.get(job)):
                rows[job] = row
    first = runs[0][1]
    return first.model_copy(
        update={
            "machine": machines[0],
            "other_machines": tuple(machines[1:]),
            "data": tuple({data.sha256: data for _, run in runs for data in run.data}.values()),
            "models": models,
            "recipes": tuple(recipes.values()),
            "results": tuple(rows.values()),
        }
    )


def _replaces(new: Row, old: Row | None) -> bool:
    """Tell whether a later row stays; what was only compressed takes no figures away."""
    if old is None or new.test_sha256:
        return True
    if old.test_sha256:
        return False
    # Without data a row that was measured has its speed.
    return old.speed is None or new.speed is not None or new.status not in MEASURED


def deciding_differences(recipe: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Return the parts of two recipes that differ and decide the figures of a row."""
    return [key for key in _DECIDE if recipe.get(key) != other.get(key)]


def _moved_row(row: Row, folder: Path, out: Path) -> Row:
    update: dict[str, object] = {}
    if row.deployable is not None:
        update["deployable"] = _moved_file(row.deployable, folder, out)
    if row.float_twin is not None:
        file = _moved_file(row.float_twin.deployable, folder, out)
        update["float_twin"] = row.float_twin.model_copy(update={"deployable": file})
    if row.provenance is not None and row.provenance.log is not None:
        log = _relative(row.provenance.log, folder, out)
        update["provenance"] = row.provenance.model_copy(update={"log": log})
    return row.model_copy(update=update)


def _moved_model(model: ModelRecord, folder: Path, out: Path) -> ModelRecord:
    path = model.path and _relative(model.path, folder, out)
    return model.model_copy(update={"path": path})


def _moved_file(file: Deployable, folder: Path, out: Path) -> Deployable:
    return file.model_copy(update={"path": _relative(file.path, folder, out)})


def _relative(path: str, folder: Path, out: Path) -> str:
    return os.path.relpath(folder / path, out).replace(os.sep, "/")


def _placed(items: Sequence[_T], run: Comparison, machines: Sequence[Machine]) -> list[_T]:
    """Return rows or models with the number of their machine among all."""
    every: list[Any] = list(items)
    return [
        item.model_copy(update={"machine": machines.index(run.machines[item.machine])})
        for item in every
    ]


def _refuse_other_models(runs: Sequence[tuple[str, Comparison]]) -> None:
    seen: dict[str, tuple[str, str]] = {}
    for name, run in runs:
        for model in run.models:
            where, sha256 = seen.setdefault(model.uri, (name, model.sha256))
            if sha256 != model.sha256:
                raise UsageError(
                    f"{where} and {name} both have a model {model.uri!r}, but not the same one "
                    "(the SHA-256 of their files differ); rows of both in one table would mislead"
                )


def _recipes(runs: Sequence[tuple[str, Comparison]]) -> dict[str, dict[str, Any]]:
    seen: dict[str, tuple[str, dict[str, Any]]] = {}
    for name, run in runs:
        for recipe in run.recipes:
            where, known = seen.setdefault(str(recipe["name"]), (name, recipe))
            if other := deciding_differences(known, recipe):
                raise UsageError(
                    f"{where} and {name} both have a recipe {recipe['name']!r}, but with other "
                    f"{', '.join(other)}; give one of them another name and run it again"
                )
    return {name: recipe for name, (_, recipe) in seen.items()}
