"""The Python interface: what the command line does, as typed functions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .comparison.files import folder_of, read
from .errors import UsageError
from .job.process import Limits
from .model.layers import source_layers
from .plugins.registry import Registry
from .recipe.load import load_recipe
from .recipe.one_at_a_time import blocks, one_at_a_time
from .recipe.recipe import Recipe
from .report.anew import report_anew
from .report.markdown import write_markdown
from .report.page.page import write_page
from .report.results import Results
from .report.sensitivity import Sensitivity, write_sensitivity
from .runner.again import Measuring
from .runner.compare import Comparing
from .runner.endpoints import endpoints, known_backends, places
from .runner.events import Event, Listener, listeners
from .runner.housekeeping import in_use, keep_within
from .runner.in_sight import in_sight
from .runner.jobs import check_settings
from .runner.planning import plan as planned
from .runner.request import Request, grid
from .runner.request import request as make_request
from .runner.store import Store, default_root, size_limit
from .runner.subjects import prepare_model

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .negotiation.plan import Plan

#: Folder that results go to where none is named.
OUT = Path("boildown-out")
#: Folder of what was measured again, where none is named.
MEASURED = Path("boildown-measured")


def compare(
    recipes: Recipe | str | Path | Sequence[Recipe | str | Path],
    *,
    models: str | Sequence[str] = (),
    backends: str | Sequence[str] = (),
    data: str | None = None,
    samples: int | None = None,
    jobs: int = 1,
    out: Path | str = OUT,
    threads: int = 1,
    timing_seconds: float = 6.0,
    trust: bool = False,
    limits: Limits | None = None,
    on_event: Callable[[Event], None] | None = None,
    cache: Path | None = None,
) -> Results:
    """Run every recipe on every model with every backend, measure all, and write the reports.

    Args:
        recipes: Recipes, paths of recipe files, or names of ready recipes.
        models: URIs or paths; none: what each recipe names.
        backends: Names; none: what each recipe names, else all that are installed.
        data: URI of the data; none: what each recipe names, else the model's own.
        samples: Test samples at most.
        jobs: Jobs that compress at the same time; measurements of time always run alone.
        out: Folder for comparison.json, .md and .html and the rows' files.
        threads: Threads of every runtime that is timed.
        timing_seconds: How long each model of a group is timed at most, about.
        trust: Let sources run code that a model's URI names, as `torch:package.module:factory`.
        limits: Seconds and bytes that one job may use at most.
        on_event: Told everything that happens, for a display of one's own.
        cache: Folder of the cache; none: `$BOILDOWN_CACHE`, else the user's.

    Raises:
        BoildownError: something that was asked for is wrong; the text says what and where.
    """
    asked = make_request(
        recipes=tuple(_recipe(recipe) for recipe in _several(recipes)),
        models=tuple(_several(models)),
        backends=tuple(_several(backends)),
        data=data,
        samples=samples,
        jobs=jobs,
        threads=threads,
        timing_seconds=timing_seconds,
        trust=trust,
        limits=limits or Limits(),
        out=Path(out),
    )
    return carry_out(asked, on_event=on_event, cache=cache)


def run(
    recipe: Recipe | str | Path,
    *,
    backend: str = "",
    model: str = "",
    data: str | None = None,
    samples: int | None = None,
    measure: bool = True,
    timing_seconds: float = 6.0,
    trust: bool = False,
    out: Path | str = OUT,
    on_event: Callable[[Event], None] | None = None,
    cache: Path | None = None,
) -> Results:
    """Run one recipe on one backend, strictly: a gap is an UnsupportedError, not a row."""
    asked = make_request(
        recipes=(_recipe(recipe),),
        models=(model,) if model else (),
        backends=(backend,) if backend else (),
        data=data,
        samples=samples,
        measure=measure,
        timing_seconds=timing_seconds,
        trust=trust,
        strict=True,
        out=Path(out),
    )
    if not backend and len(asked.recipes[0].backends) != 1:
        known = ", ".join(Registry().names()) or "none"
        raise UsageError(f"say which backend is to run the recipe (installed: {known})")
    return carry_out(asked, on_event=on_event, cache=cache)


def sensitivity(
    recipe: Recipe | str | Path,
    *,
    backend: str,
    model: str = "",
    data: str | None = None,
    samples: int | None = None,
    depth: int | None = None,
    jobs: int = 1,
    trust: bool = False,
    out: Path | str = "boildown-sensitivity",
    on_event: Callable[[Event], None] | None = None,
    cache: Path | None = None,
) -> Sensitivity:
    """Compress one layer at a time, or one block of layers, and rank them by the damage.

    `depth`: a block is all layers whose names begin with the same so many parts; none: each layer
    by itself. Quality alone is measured, no times.

    Raises:
        UsageError: no model or layer is there, or the recipe makes a network of other shapes.
    """
    whole = _recipe(recipe)
    uri = model or whole.model
    if not uri:
        raise UsageError(f"recipe {whole.name!r} names no model; say which")
    _, normalized = prepare_model(uri, Store(cache or default_root()), trust=trust)
    layers = source_layers(normalized.path)
    found = blocks(layers, depth)
    recipes = one_at_a_time(whole, layers, found)
    asked = make_request(
        recipes=tuple(recipes.values()),
        models=(uri,),
        backends=(backend,),
        data=data,
        samples=samples,
        jobs=jobs,
        timed=False,
        trust=trust,
        out=Path(out),
    )
    results = carry_out(asked, on_event=on_event, cache=cache)
    rows = dict(zip(recipes, results.rows, strict=True))
    models = results.comparison.models
    ranked = Sensitivity(
        rows, found, results.folder, recipe=whole, model=models[0] if models else None
    )
    write_sensitivity(ranked, whole.name, uri, backend)
    return ranked


def carry_out(
    request: Request,
    *,
    on_event: Callable[[Event], None] | None = None,
    cache: Path | None = None,
    debug: bool = False,
) -> Results:
    """Carry out a request and write comparison.json, .md and .html below `request.out`."""
    own: tuple[Listener, ...] = (on_event,) if on_event is not None else ()
    store, limit = Store(cache or default_root()), size_limit()
    comparing = Comparing(request=request, store=store, tell=listeners(*own), debug=debug)
    with in_use(store):
        comparison = comparing.execute()
    write_markdown(comparison, request.out)
    write_page(comparison, request.out)
    keep_within(store, limit)
    return Results(comparison, request.out)


def plan(request: Request, *, cache: Path | None = None) -> Plan:
    """Return the matrix step x backend for a request; no toolkit and no runtime is imported."""
    registry, elsewhere = Registry(), places(request.folder)
    names = known_backends(registry, elsewhere)
    cells = grid(request, names, need_model=False)
    found, broken = endpoints(cells, registry, elsewhere)
    check_settings(cells, found, names)
    store = Store(cache or default_root())
    named = {(cell.recipe.name, cell.model): cell for cell in cells}
    there = {place: in_sight(cell, request, store) for place, cell in named.items()}
    return planned(cells, found, broken, there)


def report(runs: Sequence[Path | str], *, out: Path | str | None = None) -> Results:
    """Write the reports of stored runs anew; those of several runs as one comparison.

    `out` None: the folder of the one run. Rows point to files in the folders of their runs.

    Raises:
        UsageError: a run cannot be read, runs call different things by one name, or several runs
            are given without `out`, or `out` holds a run of its own or something else.
    """
    return report_anew([Path(run) for run in runs], Path(out) if out is not None else None)


def measure(
    run: Path | str,
    *,
    out: Path | str = MEASURED,
    data: str | None = None,
    samples: int | None = None,
    threads: int = 1,
    timing_seconds: float = 6.0,
    limits: Limits | None = None,
    trust: bool = False,
    on_event: Callable[[Event], None] | None = None,
) -> Results:
    """Measure the models of a stored run on this computer, with runtimes alone.

    `data` None: speed, memory and the outputs for the samples that the run has kept; quality stays
    what the run has found. `report` puts both runs on one page. `trust` opens files that may run
    code of whoever wrote them.

    Raises:
        UsageError: the run cannot be read, or its files are not those that it made.
    """
    stored, folder = read(Path(run)), folder_of(Path(run))
    asked = make_request(
        recipes=stored.recipes,
        data=data,
        samples=samples,
        threads=threads,
        timing_seconds=timing_seconds,
        trust=trust,
        limits=limits or Limits(),
        out=Path(out),
    )
    own: tuple[Listener, ...] = (on_event,) if on_event is not None else ()
    comparison = Measuring(folder, stored, asked, listeners(*own)).execute()
    write_markdown(comparison, asked.out)
    write_page(comparison, asked.out, [folder])
    return Results(comparison, asked.out)


def load_results(folder: Path | str) -> Results:
    """Return the results of an earlier run from its folder."""
    return Results.load(Path(folder))


def _several(given: Any) -> tuple[Any, ...]:  # noqa: ANN401 - one value or several of any type
    """Return one value or several as a tuple; a text is one value, not its letters."""
    if isinstance(given, str | Path | Recipe):
        return (given,) if given else ()
    return tuple(given)


def _recipe(given: Recipe | str | Path) -> Recipe:
    return given if isinstance(given, Recipe) else load_recipe(given)
