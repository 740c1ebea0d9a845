"""The console that results are printed on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_PIPED_COLUMNS = 160


def results_console() -> Console:
    """Return a console; a file has no width, so there each row gets one long line."""
    from rich.console import Console

    console = Console(highlight=False)
    if console.is_terminal or "COLUMNS" in os.environ:
        return console
    return Console(highlight=False, width=_PIPED_COLUMNS)
