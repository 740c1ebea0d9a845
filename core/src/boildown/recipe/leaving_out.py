"""The lines of a recipe by which its steps leave more layers alone than they do already."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..model.selection import select_layers

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from ..model.layers import Layer
    from .recipe import Recipe
    from .steps import Layers


def leaving_out(recipe: Recipe, layers: Sequence[Layer], names: Collection[str]) -> str:
    """Return `layers: {…}` as steps of `recipe` need it to leave the layers `names` alone too.

    What a step includes and excludes itself stays. One line where it is the same for all steps,
    else one for each, and in words, as a comment, where a step would have nothing left.
    """
    lines = []
    for number, step in enumerate(recipe.steps, start=1):
        touched = [
            layer.name for layer in select_layers(layers, step.layers.include, step.layers.exclude)
        ]
        more = [name for name in names if name in touched]
        title = f"step {number}, {step.op}"
        if len(more) == len(touched):
            lines.append((f"# {title}: all its layers are among them, so choose fewer", ""))
        else:
            lines.append((f"# {title}", _line(step.layers, more)))
    settings = {setting for _, setting in lines}
    if len(settings) == 1 and (setting := settings.pop()):
        return setting
    return "\n".join(line for pair in lines for line in pair if line)


def _line(own: Layers, more: Sequence[str]) -> str:
    exclude = [*own.exclude, *more]
    parts = [f"include: {_list(own.include)}"] if own.include else []
    return f"layers: {{{', '.join([*parts, f'exclude: {_list(exclude)}'])}}}"


def _list(names: Sequence[str]) -> str:
    return json.dumps([*names], ensure_ascii=False)
