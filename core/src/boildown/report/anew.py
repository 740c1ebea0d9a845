"""The reports of stored runs made anew, where they are or of several runs as one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ..comparison.files import folder_of, read, write
from ..comparison.folder import check_out, refuse_run
from ..comparison.merging import merged, moved
from ..errors import UsageError
from .markdown import write_markdown
from .page.page import write_page
from .results import Results

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def report_anew(runs: Sequence[Path], out: Path | None) -> Results:
    """Write the reports of stored runs; see `boildown.api.report`.

    Raises:
        UsageError: a run cannot be read, runs call different things by one name, or `out` is
            missing, cannot be written to, or holds something else or a run of its own.
    """
    folders = [folder_of(run) for run in runs]
    stored = [read(folder) for folder in folders]
    place = out if out is not None else folders[0]
    check_out(place)
    if len(folders) > 1 and (out is None or place.resolve() in {f.resolve() for f in folders}):
        raise UsageError("several runs become one report in a folder of its own: name it, --out")
    if place.resolve() == folders[0].resolve():
        whole = stored[0]
    else:
        refuse_run(place)
        # `..` out of a link leads to where the link points, not to where it lies.
        target, sources = place.resolve(), [folder.resolve() for folder in folders]
        every = zip(folders, sources, stored, strict=True)
        whole = merged([(str(name), moved(run, source, target)) for name, source, run in every])
        names = tuple(os.path.relpath(source, target).replace(os.sep, "/") for source in sources)
        whole = whole.model_copy(update={"runs": names})
        place.mkdir(parents=True, exist_ok=True)
        write(whole, place)
    write_markdown(whole, place)
    write_page(whole, place, folders)
    return Results(whole, place)
