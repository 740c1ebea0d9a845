"""Which layers a step touches: globs on layer names, `type:Conv`, `size<2048`."""

from __future__ import annotations

import difflib
import operator
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ..errors import RecipeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .layers import Layer

_SIZE = re.compile(r"size\s*(<=|>=|==|<|>|=)\s*(\d[\d_]*)")
_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "==": operator.eq,
}


def select_layers(
    layers: Sequence[Layer], include: Sequence[str] = (), exclude: Sequence[str] = ()
) -> list[Layer]:
    """Return the layers that a pattern of `include` matches (all if empty) and none of `exclude`.

    A pattern is a case-sensitive glob on the layer's name (`features.*`), `type:` with a glob on
    its operator (`type:Conv*`), or `size` compared with a number of weights (`size<2048`; also
    `<=`, `>`, `>=`, `=`). Layers that hold one weight together are taken together or not at all.
    Raises RecipeError with every pattern that matches no layer and the nearest name there is,
    where nothing is left, and where a shared weight is selected through some of its layers only.
    """
    problems = [
        problem
        for pattern in dict.fromkeys([*include, *exclude])
        if (problem := _problem(pattern, layers))
    ]
    if problems:
        raise RecipeError("\n".join(problems))
    chosen = [
        layer
        for layer in layers
        if (not include or _matches_any(layer, include)) and not _matches_any(layer, exclude)
    ]
    if not chosen and layers:
        raise RecipeError(
            f"layers: include {list(include)} and exclude {list(exclude)} leave none of the"
            f" {len(layers)} layers; narrow `exclude` or widen `include`"
        )
    if torn := _torn(layers, chosen):
        raise RecipeError("\n".join(torn))
    return chosen


def compares_sizes(pattern: str) -> bool:
    """Tell whether a pattern such as `size<2048` selects by the number of weights."""
    return _SIZE.fullmatch(pattern) is not None


def _matches_any(layer: Layer, patterns: Sequence[str]) -> bool:
    return any(_matches(layer, pattern) for pattern in patterns)


def _matches(layer: Layer, pattern: str) -> bool:
    if compared := _SIZE.fullmatch(pattern):
        return _COMPARE[compared[1]](layer.size, int(compared[2]))
    if pattern.startswith("type:"):
        return fnmatchcase(layer.op, pattern.removeprefix("type:"))
    return layer.name == pattern or fnmatchcase(layer.name, pattern)


def _problem(pattern: str, layers: Sequence[Layer]) -> str | None:
    if any(_matches(layer, pattern) for layer in layers):
        return None
    if not layers:
        return f"layers: {pattern!r} matches nothing: the model has no layer with a constant weight"
    if compares_sizes(pattern):
        sizes = [layer.size for layer in layers]
        return (
            f"layers: {pattern!r} matches none of the {len(layers)} layers; they hold"
            f" {min(sizes)} to {max(sizes)} weights"
        )
    if pattern.startswith("type:"):
        kinds = ", ".join(sorted({f"type:{layer.op}" for layer in layers}))
        return f"layers: {pattern!r} matches none of the {len(layers)} layers; there are {kinds}"
    names = [layer.name for layer in layers]
    near = difflib.get_close_matches(pattern, names, n=1, cutoff=0.0)[0]
    return f"layers: {pattern!r} matches none of the {len(names)} layers; the nearest is {near!r}"


def _torn(layers: Sequence[Layer], chosen: Sequence[Layer]) -> list[str]:
    taken = {layer.name for layer in chosen}
    weights = {layer.weight for layer in chosen}
    left = [layer for layer in layers if layer.weight in weights and layer.name not in taken]
    return [
        f"layers: {layer.name!r} is left out but shares the weight {layer.weight!r} with"
        f" {next(c.name for c in chosen if c.weight == layer.weight)!r}; include or exclude both"
        for layer in left
    ]
