"""`cache list`, `cache verify` and `cache prune`."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from .outcome import OK, SOME_NOT_OK

_MEGA, _DAY = 1e6, 86_400


def register(app: typer.Typer) -> None:
    """Add these commands to the application."""
    cache = typer.Typer(help="Look at the cache of finished work, check it, make it smaller.")
    cache.command("list")(list_entries)
    cache.command("verify")(verify)
    cache.command("prune")(prune)
    app.add_typer(cache, name="cache")


def list_entries() -> None:
    """List what the cache holds, by kind of work."""
    from ..runner.housekeeping import entries
    from ..runner.store import Store, default_root, size_limit

    store = Store(default_root())
    found = entries(store)
    typer.echo(f"{store.root}")
    for kind in sorted({entry.kind for entry in found}):
        ours = [entry for entry in found if entry.kind == kind]
        size = sum(entry.bytes for entry in ours) / _MEGA
        cut_off = sum(not entry.finished for entry in ours)
        rest = f", {cut_off} not finished" if cut_off else ""
        days = (time.time() - ours[0].last_used) / _DAY
        typer.echo(f"{kind:>14}  {len(ours):5} entries {size:10.1f} MB, {days:.0f} days old{rest}")
    total = sum(entry.bytes for entry in found) / _MEGA
    typer.echo(
        f"{'all':>14}  {len(found):5} entries {total:10.1f} MB of {size_limit() / _MEGA:.0f}"
    )


def verify() -> None:
    """Compute the digests of all finished work anew; exit code 1 where one does not fit."""
    from ..runner.housekeeping import verify as check
    from ..runner.store import Store, default_root

    counts = {"finished": 0, "unfinished": 0, "damaged": 0}
    for entry, state in check(Store(default_root())):
        counts[state] += 1
        if state == "damaged":
            typer.echo(f"damaged: {entry.kind} {entry.key}")
    typer.echo(", ".join(f"{count} {state}" for state, count in counts.items()))
    if counts["damaged"]:
        typer.echo("damaged entries are never used; `boildown cache prune --damaged` removes them")
    raise typer.Exit(SOME_NOT_OK if counts["damaged"] else OK)


def prune(
    keep: Annotated[
        str, typer.Option(help="Size to keep, as in 500M or 20G; used longest ago goes first.")
    ] = "0",
    *,
    damaged: Annotated[bool, typer.Option(help="Remove only what fails `verify`.")] = False,
) -> None:
    """Remove finished and unfinished work; what is needed again is computed again."""
    from ..runner.housekeeping import prune as remove
    from ..runner.store import Store, bytes_in, default_root

    gone = remove(Store(default_root()), bytes_in(keep), damaged_only=damaged)
    size = sum(entry.bytes for entry in gone) / _MEGA
    typer.echo(f"removed {len(gone)} entries, {size:.1f} MB")
