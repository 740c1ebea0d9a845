"""The few samples beside each deployable, with the outputs that it gave for them: run again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..comparison.facts import GOLDEN, INPUT, OUTPUT
from ..comparison.stored import golden_arrays, missing
from ..data.manifest import DataManifest, Split
from ..errors import UsageError
from ..measuring.requests import Outputs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def kept_samples(folder: Path) -> DataManifest | None:
    """Return the samples beside a deployable as test data; None where the run computed none.

    They are what the model gets: preprocessed already, and without labels.

    Raises:
        UsageError: the file is damaged.
    """
    path = folder / GOLDEN
    if not path.exists():
        return None
    inputs = {name: len(array) for name, array in _arrays(path, INPUT).items()}
    if not inputs:
        raise UsageError(f"{path} holds no inputs; it is damaged. Run `boildown compare` again.")
    split = Split(
        path=path.resolve(),
        inputs={name: f"{INPUT}{name}" for name in inputs},
        count=next(iter(inputs.values())),
        labelled=False,
    )
    return DataManifest(uri=GOLDEN, kind="arrays", splits={"test": split})


def kept_outputs(
    folder: Path, names: Sequence[str], scratch: Path, batch: int | None = None
) -> Outputs:
    """Return the recorded outputs called `names` as if they had been computed into `scratch`.

    With a fixed `batch` only those of whole batches, if there is one: the run has computed the
    others beside samples that are not kept, on which they may depend.

    Raises:
        UsageError: one is missing.
    """
    path = folder / GOLDEN
    found = _arrays(path, OUTPUT)
    if absent := [name for name in names if name not in found]:
        raise UsageError(f"{path} has no output {absent[0]!r}; it is damaged. {missing(path)}")
    n = len(found[names[0]])
    whole = n - n % batch if batch else n
    scratch.mkdir(parents=True, exist_ok=True)
    recorded = Outputs(
        folder=scratch,
        names=tuple(names),
        n=whole or n,
        labelled=False,
        non_finite=0,
        batch=1,
    )
    for index, name in enumerate(names):
        np.save(recorded.path(index), found[name][: recorded.n])
    return recorded


def _arrays(path: Path, side: str) -> dict[str, np.ndarray]:
    found = golden_arrays(path).items()
    return {name.removeprefix(side): array for name, array in found if name.startswith(side)}
