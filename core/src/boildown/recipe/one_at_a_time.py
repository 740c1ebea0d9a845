"""A recipe as many recipes, each of which touches one part of the network alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import UsageError
from ..model.selection import select_layers
from .steps import Layers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..model.layers import Layer
    from .recipe import Recipe
    from .steps import Step

_PARTS = re.compile(r"[./]+")


def blocks(layers: Sequence[Layer], depth: int | None = None) -> dict[str, tuple[Layer, ...]]:
    """Return layers by block: those whose names begin with the same `depth` parts.

    Parts of a name stand between dots and slashes. None: each layer is a block of its own. Layers
    that hold one weight together stay together.
    """
    holders: dict[str, list[Layer]] = {}
    for layer in layers:
        holders.setdefault(layer.weight, []).append(layer)
    found: dict[str, list[Layer]] = {}
    for together in holders.values():
        name = together[0].name
        parts = [part for part in _PARTS.split(name) if part]
        block = name if depth is None else "/".join(parts[:depth])
        found.setdefault(block or name, []).extend(together)
    return {block: tuple(members) for block, members in found.items()}


def one_at_a_time(
    recipe: Recipe, layers: Sequence[Layer], found: Mapping[str, Sequence[Layer]]
) -> dict[str, Recipe]:
    """Return by the name of each block the recipe that touches its layers alone.

    Steps that touch none of them go, and so do limits and expectations, which are of the whole.
    Blocks that no step touches are left out.

    Raises:
        UsageError: a step makes a network of other shapes, or touches no layer.
    """
    for step in recipe.steps:
        if step.op == "distill" or (step.op == "prune" and step.structure == "channel"):
            raise UsageError(
                f"the step {step.op!r} of {recipe.name!r} makes a network of other shapes, which "
                "cannot be done to one layer at a time; leave it out"
            )
    made = {}
    for number, (block, members) in enumerate(found.items(), start=1):
        names = {layer.name for layer in members}
        steps = tuple(filter(None, (_narrowed(step, layers, names) for step in recipe.steps)))
        if steps:
            name = f"{recipe.name[:70]}-{number:04d}"
            kept: dict[str, object] = {"name": name, "limits": {}, "expect": None, "steps": steps}
            made[block] = recipe.model_copy(update=kept)
    if not made:
        raise UsageError(f"the model has no layer with a constant weight for {recipe.name!r}")
    return made


def _narrowed(step: Step, layers: Sequence[Layer], names: set[str]) -> Step | None:
    chosen = select_layers(layers, step.layers.include, step.layers.exclude)
    # A name is a pattern that matches itself.
    include = tuple(layer.name for layer in chosen if layer.name in names)
    return step.model_copy(update={"layers": Layers(include=include)}) if include else None
