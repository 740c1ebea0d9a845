"""Hand over one model of a run with all that its user needs: labels, card, golden samples."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..comparison.facts import GOLDEN
from ..comparison.files import folder_of, read
from ..comparison.stored import facts_of, verified
from ..errors import UsageError
from ..files import NO_SPACE
from .card import card
from .selection import find_row
from .stored import deployable_of, golden_samples
from .text import clean

if TYPE_CHECKING:
    from collections.abc import Iterator


def export(run_folder: Path, row: str, destination: Path) -> Path:
    """Write the model of one row to the new folder `destination` and return it.

    The folder holds the model under its own name and `card.json`; `labels.txt` where class names
    are known, and `golden.npz` where the run computed outputs. It appears complete or not at all.

    Args:
        run_folder: the folder that `boildown compare` wrote.
        row: its number in the table, or `model/recipe/backend`.
        destination: must not exist, or be an empty folder.

    Raises:
        UsageError: no such row or model, the model is not the one that was measured any more, or
            the destination is taken.
        OSError: the disk is full.
    """
    comparison = read(run_folder)
    folder = folder_of(run_folder)
    view = find_row(comparison, row)
    file = deployable_of(view)
    what = f"the model of row {view.number}"
    model = verified(folder, file.path, sha256=file.sha256, form=file.format, what=what)
    facts = facts_of(model.path.parent)
    samples = golden_samples(model.path.parent / GOLDEN, view.row)
    made = card(view, file, facts, comparison.machines[view.row.machine], samples)
    with _new_folder(destination) as draft:
        _copy(model.path, draft / model.path.name)
        if samples is not None:
            shutil.copyfile(model.path.parent / GOLDEN, draft / GOLDEN)
        text = made.model_dump_json(indent=1)
        (draft / "card.json").write_text(text + "\n", encoding="utf-8")
        if facts.labels:
            lines = "".join(f"{clean(label)}\n" for label in facts.labels)
            (draft / "labels.txt").write_text(lines, encoding="utf-8")
    return destination


@contextmanager
def _new_folder(destination: Path) -> Iterator[Path]:
    """Yield a hidden folder beside `destination` and rename it into place when all went well."""
    try:
        if destination.exists() and not (destination.is_dir() and not any(destination.iterdir())):
            raise UsageError(
                f"{destination} already exists and is not an empty folder. Name a new one; "
                "export never overwrites."
            )
        destination.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{destination.name}.", dir=destination.parent))
        try:
            yield draft
            draft.chmod(0o755)
            draft.replace(destination)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    except OSError as error:
        if error.errno in NO_SPACE:
            raise
        raise UsageError(f"{destination} cannot be written: {error}.") from error


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)
