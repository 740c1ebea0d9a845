"""What a dataset is, as plain data that survives JSON; the samples themselves stay on disk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, NamedTuple

import numpy as np
from pydantic import Field

from ..frozen import Frozen
from .preprocessing import Preprocessing

SplitName = Literal["train", "calibration", "test"]


class Take(Frozen):
    """A seeded slice: the samples `start:stop` of the split after shuffling it with `seed`.

    `seed` None keeps the order of the file.
    """

    seed: int | None = None
    start: Annotated[int, Field(ge=0)] = 0
    stop: Annotated[int, Field(ge=0)]


class Split(Frozen):
    """One split. `path` is an .npz file (arrays) or an index file (images), see `data.images`."""

    path: Path
    #: Model input name -> key in the file; the name `*` fits a one-input model. Images have no
    #: key: binding them to a model names its input, with an empty key.
    inputs: dict[str, str] = Field(default_factory=dict)
    #: Arrays only: key of the labels; for images labels stand in the index.
    labels: str | None = None
    #: Samples in the file, before `take`.
    count: Annotated[int, Field(ge=0)]
    labelled: bool = True
    #: Arrays only: model output name -> key of what it should be, such as a depth map, where that
    #: is no class; the name `*` fits a one-output model.
    truths: dict[str, str] = Field(default_factory=dict)
    take: Take | None = None

    def __len__(self) -> int:
        """Return the number of samples that the split yields."""
        return self.count if self.take is None else self.take.stop - self.take.start


class DataManifest(Frozen):
    """A dataset: kind, splits, class names; `preprocessing` is bound by the host per model.

    Arrays of uint8 with three or four axes (N, H, W) or (N, C, H, W) are images and are
    preprocessed; arrays of any other type go to the model as they are.
    """

    uri: str
    kind: Literal["arrays", "images"]
    splits: dict[SplitName, Split]
    classes: tuple[str, ...] = ()
    preprocessing: Preprocessing | None = None
    licence: str = ""
    #: What a reader of the results must know of this data, such as files that were left out.
    notes: tuple[str, ...] = ()


class Batch(NamedTuple):
    """Inputs by name, each with the batch as its first axis, and labels of shape (N,) or None.

    `truths` is what outputs should be, by their names, where that is no class.
    """

    inputs: dict[str, np.ndarray]
    labels: np.ndarray | None
    truths: dict[str, np.ndarray]
