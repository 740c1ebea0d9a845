"""`check`: hold an installed backend against the conformance suite."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .outcome import OK, SOME_NOT_OK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..testing.coverage import OfferCoverage


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command()(check)


def check(
    backend: Annotated[str, typer.Argument(help="Name of an installed backend.")],
    keyword: Annotated[str, typer.Option(help="Only cases that match, as pytest's -k.")] = "",
    tests: Annotated[
        Path | None, typer.Option(help="Your file with a BackendSuite and its known gaps.")
    ] = None,
) -> None:
    """Test everything that a backend offers; exit code 1 where a case fails."""
    from ..errors import UsageError

    if importlib.util.find_spec("pytest") is None:
        raise UsageError(
            "`boildown check` runs tests with pytest, which is not installed; "
            "try `pip install 'boildown[testing]'`"
        )
    from ..testing.checking import check as run

    code, offers = run(backend, keyword=keyword, tests=tests)
    _show(backend, offers)
    raise typer.Exit(SOME_NOT_OK if code else OK)


def _show(backend: str, offers: Sequence[OfferCoverage]) -> None:
    """Print what passed of each offer; the reasons of known gaps stand below the table."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(
        "offer", "passed", "known gaps", "failed", "skipped", box=box.SIMPLE_HEAD, show_edge=False
    )
    for row in offers:
        counts = (row.passed, len(row.known_gaps), row.failed, row.skipped)
        table.add_row(Text(row.offer), *map(str, counts))
    console = Console(highlight=False)
    console.print(table)
    for row in offers:
        for reason in row.known_gaps:
            console.print(Text(f"known gap of {row.offer}: {reason}"))
    whole = [row for row in offers if not row.failed]
    console.print(Text(f"{backend}: {len(whole)} of {len(offers)} without a failure"))
