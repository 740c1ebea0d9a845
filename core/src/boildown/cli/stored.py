"""Commands on what runs have left behind: `report`, `measure`, `diff`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .outcome import OK, SOME_NOT_OK
from .running import Samples, Seconds, Threads, Timing

if TYPE_CHECKING:
    from ..report.results import Results


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    app.command()(report)
    app.command()(measure)
    app.command()(diff)


def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of runs.")],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the reports; of one run that of the run itself."),
    ] = None,
) -> None:
    """Write the reports of stored runs anew; those of several runs or machines as one."""
    from .. import api

    results = api.report(runs, out=out)
    _show(results)


def measure(  # noqa: PLR0917 - typer reads the options off the signature
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a run.")],
    out: Annotated[Path, typer.Option(help="Folder for the reports.")] = Path("boildown-measured"),
    data: Annotated[
        str | None,
        typer.Option(help="URI of test data; without it quality stays what the run has found."),
    ] = None,
    samples: Samples = None,
    threads: Threads = 1,
    timing_seconds: Timing = 6.0,
    time_limit: Seconds = None,
    *,
    trust: Annotated[
        bool, typer.Option("--trust", help="Open files that may run code of whoever wrote them.")
    ] = False,
) -> None:
    """Measure the models of a stored run on this computer: with runtimes alone, no toolkit."""
    from .. import api
    from ..job.process import Limits
    from ..runner.verdict import exit_code
    from .live import Live

    with Live() as live:
        results = api.measure(
            run,
            out=out,
            data=data,
            samples=samples,
            threads=threads,
            timing_seconds=timing_seconds,
            limits=Limits(seconds=time_limit),
            trust=trust,
            on_event=live.hear,
        )
    _show(results)
    raise typer.Exit(exit_code(results.comparison))


def diff(
    old: Annotated[Path, typer.Argument(metavar="RUN_A", help="Folder of the first run.")],
    new: Annotated[Path, typer.Argument(metavar="RUN_B", help="Folder of the second run.")],
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            help="A field of a row of RUN_B against a bound, as in 'top1_difference < -0.01'; "
            "change.FIELD is B - A, ratio.FIELD is B / A. May be given more than once."
        ),
    ] = None,
    junit: Annotated[Path | None, typer.Option(help="Write the verdicts as JUnit XML.")] = None,
) -> None:
    """Show what changed between two runs; exit code 1 where a condition of --fail-if holds."""
    from ..comparison.files import read
    from ..errors import UsageError
    from ..files import refuse_unusable_file, write_named
    from ..report.changes import changes, fields_of
    from ..report.conditions import condition
    from ..report.diff_table import DiffTable
    from ..report.verdicts import junit as to_junit
    from ..report.verdicts import verdicts
    from .consoles import results_console

    if junit is not None and not fail_if:
        raise UsageError("--junit reports conditions, and there is none; add --fail-if")
    if junit is not None:
        refuse_unusable_file(junit, "--junit")
    found = changes(read(old), read(new))
    conditions = [condition(text, fields_of(found)) for text in fail_if or ()]
    held = verdicts(found, conditions)
    if junit is not None:
        write_named(junit, to_junit(held))
    results_console().print(DiffTable(found, held))
    failed = any(verdict.outcome == "failed" for verdict in held)
    raise typer.Exit(SOME_NOT_OK if failed else OK)


def _show(results: Results) -> None:
    from ..report.table import ResultsTable
    from .consoles import results_console

    console = results_console()
    console.print(ResultsTable(results.comparison))
    typer.echo(f"The reports are in {results.folder}/: comparison.html, .md and .json")
