"""Exit codes of the command line, and the options that hold for every command."""

from __future__ import annotations

from typing import ClassVar

OK, SOME_NOT_OK, WRONG_INPUT, INTERNAL, INTERRUPTED = 0, 1, 2, 3, 130


class Options:
    """What stands before the command: `boildown --debug compare …`."""

    debug: ClassVar[bool] = False
