"""Load a recipe by what a user names: the path of a file, or the name of a ready recipe."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import RecipeError
from ..nearest import did_you_mean, nearest
from .catalogue import ready_names, ready_recipe
from .read import MAX_BYTES, recipe_from_bytes
from .recipe import Recipe

_SUFFIXES = (".yaml", ".yml")


def load_recipe(source: str | Path) -> Recipe:
    """Return the recipe that `source` names.

    A `Path`, and text with a path separator or ending in `.yaml` or `.yml`, is a file; any other
    text is the name of a ready recipe. Raises RecipeError, with every fault of the file at once
    and its line and column, where there is no such recipe or it is wrong.
    """
    if isinstance(source, str) and not _looks_like_a_path(source):
        return _ready(source)
    path = Path(source)
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise RecipeError(f"no recipe file {str(path)!r}{_other_file(path)}") from None
    except IsADirectoryError:
        raise RecipeError(f"{str(path)!r} is a folder, not a recipe file") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise RecipeError(f"cannot read the recipe file {str(path)!r}: {why}") from None
    return recipe_from_bytes(content, str(source))


def _looks_like_a_path(text: str) -> bool:
    separators = {os.sep, os.altsep} - {None}
    return text.endswith(_SUFFIXES) or any(s in text for s in separators if s)


def _ready(name: str) -> Recipe:
    known = ready_names()
    if name in known:
        return ready_recipe(name)
    hint = did_you_mean(name, known)
    if name and not hint:
        here = [file.name for file in _recipe_files(Path())]
        hint = did_you_mean(name, here) or did_you_mean(f"{name}.yaml", here)
    if name and not hint and _exists(Path(name)):
        hint = f"; to read the file of that name write './{name}'"
    raise RecipeError(f"no ready recipe {name!r}{hint}; there are {', '.join(known)}")


def _other_file(path: Path) -> str:
    beside = [file.name for file in _recipe_files(path.parent)]
    if near := nearest(path.name, beside):
        return f"; did you mean {str(path.with_name(near))!r}?"
    if path.name in ready_names():
        return f"; the ready recipe {path.name} is named without a folder"
    return did_you_mean(path.stem, ready_names())


def _recipe_files(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if file.suffix in _SUFFIXES)
    except OSError:
        return []


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False
