"""Read the first image of every class before any job, so that a broken dataset stops at once."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .manifest import DataManifest, Split
from .samples import all_labels, read_inputs, yielded
from .wording import one_a_line


def probe(manifest: DataManifest, progress: Callable[[int, int], None] | None = None) -> None:
    """Decode and preprocess the first image of every class in each split.

    Of unlabelled images the first is read. Arrays have no single samples that could be broken:
    `check_overlap` reads them as a whole. `progress` is told (done, total) images.

    Raises:
        DataError: Some cannot be read; up to ten are named at once.
    """
    if manifest.kind == "arrays":
        return
    first = {name: _first_of_each(manifest, split) for name, split in manifest.splits.items()}
    total = sum(map(len, first.values()))
    wrong: list[str] = []
    done = 0
    for name, positions in first.items():
        for position in positions:
            try:
                read_inputs(manifest, name, np.array([position]), _unchanged)
            except DataError as error:
                wrong.append(str(error))
            done += 1
            if progress is not None:
                progress(done, total)
    if wrong:
        raise DataError(one_a_line(wrong))


def _first_of_each(manifest: DataManifest, split: Split) -> list[int]:
    positions = yielded(split)
    labels = all_labels(manifest, split)
    if labels is None:
        return [int(position) for position in positions[:1]]
    _, first = np.unique(labels[positions], return_index=True)
    return [int(position) for position in positions[np.sort(first)]]


def _unchanged(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return pixels
