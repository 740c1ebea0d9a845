"""The ready recipes: files of the package that everybody can name instead of a path."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from .read import recipe_from_bytes
from .recipe import Recipe

_SUFFIX = ".yaml"


def ready_names() -> tuple[str, ...]:
    """Return the names of all ready recipes, sorted."""
    shelf = files(__package__) / "ready"
    names = (entry.name for entry in shelf.iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX)))


@lru_cache(maxsize=64)
def ready_recipe(name: str) -> Recipe:
    """Return one ready recipe; `name` must be one of `ready_names()`."""
    content = (files(__package__) / "ready" / f"{name}{_SUFFIX}").read_bytes()
    return recipe_from_bytes(content, f"ready recipe {name}")


def ready_recipes() -> dict[str, Recipe]:
    """Return every ready recipe by its name."""
    return {name: ready_recipe(name) for name in ready_names()}
