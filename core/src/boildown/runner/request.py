"""What a run was asked for, and the grid of jobs that follows: command line, then recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from ..errors import UsageError
from ..frozen import Frozen
from ..job.process import Limits
from ..recipe.recipe import Recipe


class Request(Frozen):
    """Everything that decides a run; values given here win over those of a recipe."""

    recipes: Annotated[tuple[Recipe, ...], Field(min_length=1)]
    models: tuple[str, ...] = ()
    backends: tuple[str, ...] = ()
    #: An empty text is most likely a variable that nobody set.
    data: Annotated[str, Field(min_length=1)] | None = None
    #: Test samples at most; None: all of them.
    samples: Annotated[int, Field(ge=1)] | None = None
    #: Jobs that compress at the same time.
    jobs: Annotated[int, Field(ge=1, le=256)] = 1
    #: Threads of every runtime that is timed.
    threads: Annotated[int, Field(ge=1, le=256)] = 1
    #: Seconds of timing for each model of a group, at most about.
    timing_seconds: Annotated[float, Field(gt=0, le=600)] = 6.0
    #: Sources may run code that a model's URI names.
    trust: bool = False
    measure: bool = True
    #: Take times and memory too, where measuring is asked for at all.
    timed: bool = True
    #: Stop on the first gap instead of reporting the row as unsupported.
    strict: bool = False
    limits: Limits = Limits()
    out: Path
    #: Where `boildown.toml` is looked for.
    folder: Path = Path()


def request(**given: object) -> Request:
    """Return what was asked for.

    Raises:
        UsageError: a value is outside of what it may be; all such are named.
    """
    try:
        return Request.model_validate(given)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise UsageError("; ".join(wrong)) from error


class Cell(Frozen):
    """One job of the grid, before anything about it is known."""

    recipe: Recipe
    model: str
    backend: str
    #: Somebody named this backend; else it is there because it is installed.
    asked: bool = True


def grid(request: Request, installed: list[str], *, need_model: bool = True) -> list[Cell]:
    """Return every recipe with every model on every backend, in the order of the request.

    Without `need_model` a recipe may name none; its cells then have the model ``.

    Raises:
        UsageError: two recipes have one name, or nothing says which model to use.
    """
    names = [recipe.name for recipe in request.recipes]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UsageError(f"two recipes are called {twice[0]!r}; give each a name of its own")
    cells = []
    for recipe in request.recipes:
        models = request.models or tuple(filter(None, (recipe.model,)))
        if not models and not need_model:
            models = ("",)
        if not models:
            raise UsageError(
                f"recipe {recipe.name!r} names no model; add --model URI (see `boildown models`) "
                f"or a line `model: …` to the recipe"
            )
        named = request.backends or recipe.backends
        backends = named or tuple(installed)
        if not backends:
            raise UsageError("no backend is installed; try `pip install boildown-onnxruntime`")
        cells += [
            Cell(recipe=recipe, model=model, backend=backend, asked=bool(named))
            for model in dict.fromkeys(models)
            for backend in dict.fromkeys(backends)
        ]
    return cells
