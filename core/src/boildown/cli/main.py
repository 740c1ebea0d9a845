"""The command line: every command reads its words, calls one function and prints what came back."""

from __future__ import annotations

import sys
import traceback
from typing import Annotated, NoReturn

import typer

from ..files import NO_SPACE
from . import caching, checking, looking, probing, running, sharing, stored
from .outcome import INTERNAL, INTERRUPTED, SOME_NOT_OK, WRONG_INPUT, Options

app = typer.Typer(
    name="boildown",
    help="One compression recipe, many toolkits, one fair comparison.",
    epilog="Exit codes: 0 all rows ok or allowed and within their limits, 1 some not, "
    "2 wrong input, 3 internal error, 130 interrupted (run again to go on).",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
running.register(app)
looking.register(app)
sharing.register(app)
stored.register(app)
probing.register(app)
caching.register(app)
checking.register(app)


@app.callback(invoke_without_command=True)
def options(
    *,
    debug: Annotated[
        bool, typer.Option(help="Show tracebacks and run jobs in this process.")
    ] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    """One compression recipe, many toolkits, one fair comparison."""
    Options.debug = debug
    if version:
        from .. import __version__

        typer.echo(f"boildown {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line; every error a user can act on is one paragraph without traceback."""
    from ..errors import BoildownError, UnsupportedError

    try:
        app()
    except SystemExit as end:
        if end.code == INTERRUPTED:  # typer turns an interruption into this without a word
            _say_interrupted()
        raise
    except UnsupportedError as error:
        _say(error, code=1)
    except BoildownError as error:
        _say(error, code=WRONG_INPUT)
    except KeyboardInterrupt:
        _say_interrupted()
        sys.exit(INTERRUPTED)
    except OSError as error:
        if error.errno not in NO_SPACE:
            _internal(error)
        _say(_disk_full(error), code=SOME_NOT_OK)
    except Exception as error:  # noqa: BLE001 - the last fence before the user
        _internal(error)


def _say_interrupted() -> None:
    typer.echo("\ninterrupted; what was finished is kept: run the same again to go on", err=True)


def _internal(error: Exception) -> NoReturn:
    if Options.debug:
        traceback.print_exc()
    typer.echo(
        f"internal error: {type(error).__name__}: {error}\n"
        "This is a bug in boildown or in a plugin; run again with `boildown --debug …` for the "
        "traceback and report it.",
        err=True,
    )
    sys.exit(INTERNAL)


def _disk_full(error: OSError) -> str:
    where = f" while {error.filename2 or error.filename} was written" if error.filename else ""
    return (
        f"the disk is full{where} ({error.strerror}). Free some space, or put --out and "
        "$BOILDOWN_CACHE on another disk; what was finished is kept: run the same again to go on"
    )


def _say(error: Exception | str, *, code: int) -> NoReturn:
    if Options.debug:
        traceback.print_exc()
    typer.echo(f"error: {error}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
