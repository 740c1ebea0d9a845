"""`sensitivity`: which layers suffer most."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .outcome import OK, SOME_NOT_OK
from .running import Data, Jobs, Samples, Trust


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command()(sensitivity)


def sensitivity(  # noqa: PLR0917 - typer reads the options off the signature
    recipe: Annotated[str, typer.Argument(help="A recipe file, or the name of a ready recipe.")],
    backend: Annotated[str, typer.Option(help="Name of the backend.")],
    model: Annotated[str, typer.Option(help="URI or path of the model.")] = "",
    data: Data = None,
    samples: Samples = None,
    depth: Annotated[
        int | None,
        typer.Option(min=1, help="Take layers together whose names begin with so many same parts."),
    ] = None,
    worst: Annotated[
        int | None,
        typer.Option(min=1, help="Exclude so many; else those whose loss is beyond chance."),
    ] = None,
    jobs: Jobs = 1,
    out: Annotated[Path, typer.Option(help="Folder for the reports.")] = Path(
        "boildown-sensitivity"
    ),
    *,
    trust: Trust = False,
) -> None:
    """Compress one layer at a time and rank layers by the damage; ends with a line for recipes."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from .. import api
    from ..recipe.recipe import MEASURED
    from ..report.sensitivity import cells, headings, untold
    from ..report.text import clean
    from .consoles import results_console
    from .live import Live

    with Live() as live:
        found = api.sensitivity(
            recipe,
            backend=backend,
            model=model,
            data=data,
            samples=samples,
            depth=depth,
            jobs=jobs,
            trust=trust,
            out=out,
            on_event=live.hear,
        )
    table = Table(*headings(found), box=box.SIMPLE_HEAD, show_edge=False)
    for part in found.parts:
        table.add_row(*(Text(clean(cell)) for cell in cells(part)))
    console = results_console()
    console.print(table)
    reports = "sensitivity.md, comparison.json"
    end = " For a recipe:" if found.judged else ""
    typer.echo(f"\nEverything is in {found.folder}/: {reports}.{end}")
    if (missing := untold(found)) and (worst is None or not found.judged):
        console.print(missing)
    if found.judged:
        typer.echo(found.as_setting(worst))
    judged = found.judged and all(part.row.status in MEASURED for part in found.parts)
    raise typer.Exit(OK if judged else SOME_NOT_OK)
