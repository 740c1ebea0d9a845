"""The jobs of a run: for each cell of the grid its row, float twin and control, with their keys."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import RecipeError
from ..job.protocol import Job
from ..negotiation.settings import check_with_names, deploy_settings, step_settings
from ..recipe.canonical import canonical
from .carry_out import job_key
from .planning import needs_of, splits_for
from .subject_data import with_splits

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from ..recipe.recipe import Recipe
    from ..recipe.steps import Train
    from .endpoints import Endpoint
    from .request import Cell, Request
    from .subjects import Subject

_NOWHERE = Path()


def make_job(
    kind: Literal["compress", "twin", "control"],
    recipe: Recipe,
    subject: Subject,
    place: Endpoint,
    request: Request,
) -> tuple[str, Job]:
    """Return one job and its key.

    A float twin depends on nothing that its recipe says, but for the file that is to ship.
    """
    steps = recipe.steps if kind == "compress" else ()
    train = trainings(recipe) if kind == "control" else ()
    # A job that does not use some data must not be done again because they changed.
    used = splits_for(needs_of(recipe, place)) if kind != "twin" else frozenset()
    data = with_splits(subject.data, used) if subject.data is not None and used else None
    deploy = deploy_settings(recipe.steps, place.name, place.info.deploy_settings)
    tells_ports = any(deploy.get(name) for name in place.info.port_settings)
    job = Job(
        kind=kind,
        backend=place.name,
        model=subject.model,
        steps=steps,
        settings=settings_of(recipe, place) if kind == "compress" else (),
        deploy=deploy,
        train=train,
        workdir=_NOWHERE,
        seed=recipe.seed if kind != "twin" else 0,
        threads=request.threads,
        data=data,
        models=subject.models if kind == "compress" else {},
        preprocessing=subject.entry.preprocessing if tells_ports else None,
        labels=subject.entry.labels if tells_ports else (),
    )
    key = job_key(
        job,
        place,
        model=subject.normalized.sha256,
        data={name: subject.digests.splits[name] for name in (data.splits if data else ())},
        canonical=canonical(steps, place.name),
    )
    return key, job


def trainings(recipe: Recipe) -> tuple[Train, ...]:
    """Return the training of every step that trains: what the control repeats."""
    return tuple(step.train for step in recipe.steps if step.train is not None)


def check_settings(
    cells: Sequence[Cell], backends: Mapping[str, Endpoint], names: Collection[str]
) -> None:
    """Raise RecipeError where recipes say `with` a backend what that does not take: all of it.

    `names` are all backends there are, asked or not: a `with` of a name near to one is a slip.
    """
    wrong = [
        f"recipe {cell.recipe.name!r}: {line}"
        for cell in cells
        for line in _wrong_settings(cell, backends, names)
    ]
    if wrong:
        raise RecipeError("\n".join(dict.fromkeys(wrong)))


def _wrong_settings(
    cell: Cell, backends: Mapping[str, Endpoint], names: Collection[str]
) -> Iterator[str]:
    recipe, place = cell.recipe, backends.get(cell.backend)
    checks: list[Callable[[], object]] = [
        partial(check_with_names, recipe, {*names, *backends}),
    ]
    if place is not None:
        info = place.info
        checks += [
            *(partial(step_settings, x, place.name, info.settings_schema) for x in recipe.steps),
            partial(deploy_settings, recipe.steps, place.name, info.deploy_settings),
        ]
    for check in checks:
        try:
            check()
        except RecipeError as error:
            yield from str(error).splitlines()


def settings_of(recipe: Recipe, place: Endpoint) -> tuple[dict[str, Any], ...]:
    """Return `with` of each step for one backend, checked against the backend's schema."""
    schema = place.info.settings_schema
    return tuple(step_settings(step, place.name, schema) for step in recipe.steps)
