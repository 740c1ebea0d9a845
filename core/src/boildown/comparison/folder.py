"""The folder of a run: what lies in it, and which folders may become one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import UsageError
from ..files import refuse_unusable
from .files import NAME, read

if TYPE_CHECKING:
    from pathlib import Path

#: Folders of the rows, the float twins and the sources below it.
ROWS, TWINS, MODELS = "rows", "twins", "models"
#: What a run that was cut off may have left.
_OURS = (ROWS, TWINS, MODELS)
_OF_ITS_OWN = "--out {} holds a run of its own; name an empty or new folder"


def check_out(out: Path) -> None:
    """Raise UsageError where a folder holds what no run has written, or cannot be written to."""
    refuse_unusable(out, "--out")
    # Hidden files are those of a desktop, or what a run that was killed was writing.
    foreign = [
        path.name
        for path in (out.iterdir() if out.exists() else ())
        if path.name not in _OURS and not path.name.startswith(".")
    ]
    if foreign and not (out / NAME).exists():
        raise UsageError(
            f"--out {out} holds files of something else ({foreign[0]}, but no {NAME}); name an "
            f"empty or new folder"
        )


def check_parts(out: Path) -> None:
    """Raise UsageError where the folders for what a run makes could not be written to."""
    for name in _OURS:
        refuse_unusable(out / name, "--out")


def refuse_run(out: Path) -> None:
    """Raise UsageError where a folder holds a run, whose measurements nobody could get back."""
    if not (out / NAME).exists():
        return
    held = read(out)
    if not held.runs and not held.other_machines:
        raise UsageError(_OF_ITS_OWN.format(out))


def refuse_files_of_run(out: Path) -> None:
    """Raise UsageError where a folder holds what a run has made; only its record tells of that."""
    if any((out / name).exists() for name in _OURS):
        raise UsageError(_OF_ITS_OWN.format(out))
