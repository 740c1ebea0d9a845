"""`export`: hand one compressed model over with everything needed to use it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command()(export)


def export(
    run: Annotated[Path, typer.Argument(help="Folder of a run (--out of `compare`).")],
    row: Annotated[str, typer.Argument(help="Number in the table, or model/recipe/backend.")],
    dest: Annotated[Path, typer.Argument(help="New folder to write to.")],
) -> None:
    """Copy a compressed model with labels, card.json and golden inputs and outputs to DEST."""
    from ..report.export import export as write

    typer.echo(f"wrote {write(run, row, dest)}")
