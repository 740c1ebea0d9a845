"""Hold every recipe against every backend before anything heavy is imported."""

from __future__ import annotations

import importlib.metadata
import sys
from typing import TYPE_CHECKING

from ..negotiation.gaps import approximations, best_offer, gaps, platform_obstacle
from ..negotiation.plan import BackendPlan, Plan, PlanCell, RecipePlan
from ..negotiation.settings import deploy_settings, shipped_format
from ..recipe.steps import Quantize

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..data.manifest import SplitName
    from ..negotiation.offers import Gap, Need
    from ..plugins.values import BackendInfo
    from ..recipe.recipe import Recipe
    from ..recipe.steps import Step
    from .endpoints import Endpoint
    from .request import Cell

#: What is taken to be there as long as no data are named.
EVERYTHING: frozenset[Need] = frozenset({"samples", "labels", "train"})
#: Rough seconds of compressing and of measuring one job, for the plan only.
_ONE_SHOT_SECONDS, _TRAINING_SECONDS, _MEASURING_SECONDS = 10, 600, 40


def gaps_of(recipe: Recipe, place: Endpoint, available: frozenset[Need]) -> list[Gap]:
    """Return all gaps between a recipe and a backend with the data that there are."""
    return gaps(
        recipe,
        place.info.offers,
        refusals=place.info.refusals,
        platforms=place.info.platforms,
        backend=place.name,
        available=available,
        platform=sys.platform,
        form=shipped_format(
            recipe.steps, place.name, place.info.deploy_settings, place.info.formats
        ),
    )


def needs_of(recipe: Recipe, place: Endpoint) -> frozenset[Need]:
    """Return what of the data the steps of a recipe use on a backend."""
    found: set[Need] = set()
    for step in recipe.steps:
        offer = best_offer(step, place.info.offers)
        found |= set(offer.needs) if offer is not None else set()
        found |= {"train"} if step.train is not None else set()
    return frozenset(found)


def splits_for(needs: frozenset[Need]) -> frozenset[SplitName]:
    """Return the splits of the data that serve these needs."""
    found: set[SplitName] = {"calibration"} if "samples" in needs else set()
    return frozenset(found | {"train"} if needs & {"train", "labels"} else found)


def plan(
    cells: Sequence[Cell],
    places: dict[str, Endpoint],
    broken: dict[str, str],
    available: Mapping[tuple[str, str], frozenset[Need]],
) -> Plan:
    """Return the matrix step x backend for every recipe; `available` is by recipe name and model.

    A step that the data of some models only allow is a `no` that names the others. `broken` says
    of backends that do not load why.
    """
    recipes = {cell.recipe.name: cell.recipe for cell in cells}
    plans = []
    for name, recipe in recipes.items():
        backends = list(dict.fromkeys(c.backend for c in cells if c.recipe.name == name))
        there = {model: has for (of, model), has in available.items() if of == name}
        columns = [
            _broken(b, recipe, broken[b]) if b in broken else _column(recipe, places[b], there)
            for b in backends
        ]
        plans.append(
            RecipePlan(
                recipe=name,
                steps=tuple(step_in_words(step) for step in recipe.steps),
                backends=tuple(columns),
            )
        )
    jobs = sum(_runs(cell, places, available[cell.recipe.name, cell.model]) for cell in cells)
    return Plan(
        platform=sys.platform,
        recipes=tuple(plans),
        models=tuple(dict.fromkeys(cell.model for cell in cells if cell.model)),
        jobs=jobs,
        time=_rough_time(cells, jobs),
    )


def step_in_words(step: Step) -> str:
    """Return a step as a few words, as in `quantize weights=int8 activations=int8`."""
    told: dict[str, object] = step.demands()
    if isinstance(step, Quantize):  # what is stored says most, so it is said even at its default
        told = {"weights": step.weights, "activations": step.activations} | told
    settings = [
        f"{name}={'yes' if isinstance(value, dict) else value}" for name, value in told.items()
    ]
    return " ".join([step.op, *settings])


def toolkit_version(info: BackendInfo) -> str | None:
    """Return the installed version of a backend's toolkit, None where it is not installed."""
    try:
        return importlib.metadata.version(info.distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def _runs(cell: Cell, places: Mapping[str, Endpoint], available: frozenset[Need]) -> bool:
    """Tell whether a job would run here."""
    place = places.get(cell.backend)
    return place is not None and not [*_obstacles(place), *gaps_of(cell.recipe, place, available)]


def _column(
    recipe: Recipe, place: Endpoint, available: Mapping[str, frozenset[Need]]
) -> BackendPlan:
    found = {model: gaps_of(recipe, place, has) for model, has in available.items()}
    ships = deploy_settings(recipe.steps, place.name, place.info.deploy_settings)
    cells = []
    for index, step in enumerate(recipe.steps):
        reasons = _reasons(index, found)
        said = ships | step.with_.get(place.name, {})
        nearly = approximations(step, place.info.offers, said)
        if reasons:
            cells.append(PlanCell(verdict="no", notes=reasons))
        else:
            cells.append(PlanCell(verdict="approximately" if nearly else "yes", notes=nearly))
    version = place.environment.get("versions", {}).get(place.info.distribution.lower())
    return BackendPlan(
        backend=place.name,
        toolkit=" ".join(
            filter(None, (place.info.toolkit, version or toolkit_version(place.info)))
        ),
        cells=tuple(cells),
        obstacles=tuple(_obstacles(place)),
    )


def _reasons(index: int, found: Mapping[str, Sequence[Gap]]) -> tuple[str, ...]:
    """Return why a step has gaps, with the models where not all have them."""
    models: dict[str, list[str]] = {}
    for model, gaps_there in found.items():
        for gap in gaps_there:
            if gap.step == index:
                models.setdefault(gap.reason, []).append(model)
    return tuple(
        reason if len(having) == len(found) else f"{reason} ({', '.join(having)})"
        for reason, having in models.items()
    )


def _broken(backend: str, recipe: Recipe, reason: str) -> BackendPlan:
    cells = tuple(PlanCell(verdict="no", notes=(reason,)) for _ in recipe.steps)
    return BackendPlan(backend=backend, cells=cells, obstacles=(reason,))


def _obstacles(place: Endpoint) -> Iterable[str]:
    if problem := platform_obstacle(
        place.info.platforms, backend=place.name, platform=sys.platform
    ):
        yield problem
    installed = place.environment.get("versions", {})
    for name in place.info.needs:
        if name.lower() not in installed:
            yield f"{name} is not installed; try `pip install {name}`"


def _rough_time(cells: Sequence[Cell], jobs: int) -> str:
    if not cells or not jobs:
        return ""
    training = sum(any(step.train is not None for step in cell.recipe.steps) for cell in cells)
    share = training / len(cells)
    each = _ONE_SHOT_SECONDS + share * _TRAINING_SECONDS + _MEASURING_SECONDS
    minutes = max(1, round(jobs * each / 60))
    return f"about {minutes} min on a small model and 10,000 images"
