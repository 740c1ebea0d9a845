"""`compare`, `run` and `plan`: the commands that take recipes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .outcome import OK, SOME_NOT_OK, Options

if TYPE_CHECKING:
    from ..runner.request import Request

Recipes = Annotated[
    list[str], typer.Argument(help="Recipe files, or names of ready recipes (`boildown recipes`).")
]
Models = Annotated[
    list[str] | None,
    typer.Option("--model", help="URI or path of a model; may be given more than once."),
]
Backends = Annotated[
    list[str] | None,
    typer.Option("--backend", help="Name of a backend; may be given more than once."),
]
Data = Annotated[
    str | None, typer.Option(help="URI of the data, as in images:photos or npz:d.npz.")
]
Samples = Annotated[int | None, typer.Option(min=1, help="Test samples at most.")]
Out = Annotated[Path, typer.Option(help="Folder for the reports and the compressed models.")]
Jobs = Annotated[int, typer.Option(min=1, max=256, help="Jobs that compress at the same time.")]
Threads = Annotated[
    int, typer.Option(min=1, max=256, help="Threads of every runtime that is timed.")
]
Seconds = Annotated[
    float | None,
    typer.Option("--time-limit", min=0.1, help="Seconds for one job, or one measurement, at most."),
]
Timing = Annotated[
    float, typer.Option(min=0.01, help="Seconds of timing for each model of a group, about.")
]
Trust = Annotated[
    bool,
    typer.Option(
        "--trust", help="Let sources run code that a model's URI names (torch:module:factory)."
    ),
]
Megabytes = Annotated[
    int | None,
    typer.Option("--memory-limit", min=1, help="MiB for one job, or one measurement, at most."),
]


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command()(compare)
    app.command()(run)
    app.command()(plan)


def compare(  # noqa: PLR0917 - typer reads the options off the signature
    recipes: Recipes,
    model: Models = None,
    backend: Backends = None,
    data: Data = None,
    samples: Samples = None,
    jobs: Jobs = 1,
    out: Out = Path("boildown-out"),
    threads: Threads = 1,
    timing_seconds: Timing = 6.0,
    time_limit: Seconds = None,
    memory_limit: Megabytes = None,
    *,
    trust: Trust = False,
) -> None:
    """Run every recipe on every model with every backend, and compare all of them.

    Writes comparison.json, comparison.md, comparison.html and the compressed models below --out.
    """
    request = _request(
        recipes=recipes,
        models=model or [],
        backends=backend or [],
        data=data,
        samples=samples,
        jobs=jobs,
        threads=threads,
        timing_seconds=timing_seconds,
        trust=trust,
        limits={"seconds": time_limit, "memory_bytes": (memory_limit or 0) * 2**20 or None},
        out=out,
    )
    _carry_out(request)


def run(  # noqa: PLR0917 - typer reads the options off the signature
    recipe: Annotated[str, typer.Argument(help="A recipe file, or the name of a ready recipe.")],
    model: Annotated[str | None, typer.Option(help="URI or path of the model.")] = None,
    backend: Annotated[str | None, typer.Option(help="Name of the backend.")] = None,
    data: Data = None,
    samples: Samples = None,
    out: Out = Path("boildown-out"),
    threads: Threads = 1,
    timing_seconds: Timing = 6.0,
    time_limit: Seconds = None,
    memory_limit: Megabytes = None,
    *,
    trust: Trust = False,
    measure: Annotated[bool, typer.Option(help="Measure what was made.")] = True,
) -> None:
    """Run one recipe on one backend, strictly: anything it cannot do ends the run."""
    from ..errors import UsageError
    from ..plugins.registry import Registry

    request = _request(
        recipes=[recipe],
        models=[model] if model else [],
        backends=[backend] if backend else [],
        data=data,
        samples=samples,
        threads=threads,
        timing_seconds=timing_seconds,
        trust=trust,
        limits={"seconds": time_limit, "memory_bytes": (memory_limit or 0) * 2**20 or None},
        out=out,
        measure=measure,
        strict=True,
    )
    if not backend and len(request.recipes[0].backends) != 1:
        known = ", ".join(Registry().names()) or "none"
        raise UsageError(f"say which backend is to run it: --backend NAME (installed: {known})")
    _carry_out(request)


def plan(
    recipes: Recipes,
    model: Models = None,
    backend: Backends = None,
    data: Data = None,
    *,
    trust: Trust = False,
) -> None:
    """Print what each backend can do of each step, before anything runs."""
    from .. import api
    from ..report.plan import PlanTable
    from .consoles import results_console

    request = _request(
        recipes=recipes,
        models=model or [],
        backends=backend or [],
        data=data,
        trust=trust,
        out=Path(),
    )
    found = api.plan(request)
    results_console().print(PlanTable(found))
    possible = all(
        not column.obstacles and all(cell.verdict != "no" for cell in column.cells)
        for recipe in found.recipes
        for column in recipe.backends
    )
    raise typer.Exit(OK if possible else SOME_NOT_OK)


def _request(*, recipes: list[str], **given: object) -> Request:
    from ..recipe.load import load_recipe
    from ..runner.request import request

    return request(recipes=tuple(load_recipe(recipe) for recipe in recipes), **given)


def _carry_out(request: Request) -> None:
    from .. import api
    from ..report.table import ResultsTable
    from ..runner.verdict import exit_code
    from .consoles import results_console
    from .live import Live

    with Live() as live:
        results = api.carry_out(request, on_event=live.hear, debug=Options.debug)
    console = results_console()
    console.print(ResultsTable(results.comparison))
    reports = "comparison.html, comparison.md, comparison.json"
    typer.echo(f"Everything is in {results.folder}/: {reports}, rows/")
    raise typer.Exit(exit_code(results.comparison))
