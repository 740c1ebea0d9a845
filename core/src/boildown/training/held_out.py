"""Which samples train and which judge: the validation part is cut out of train, never test."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..data.manifest import DataManifest, Split, Take
from ..errors import DataError

if TYPE_CHECKING:
    from ..recipe.steps import Train

#: One in so many train samples is held out for early stopping.
SHARE = 10


class Parts(NamedTuple):
    """Two manifests that share no sample; in both the samples stand under `train`."""

    train: DataManifest
    validation: DataManifest | None


def training_parts(data: DataManifest | None, settings: Train, seed: int) -> Parts:
    """Hold out a tenth of the train samples where `settings.patience` asks for early stopping.

    The cut is drawn by `seed`; a slice that keeps the order of its file is cut at its end.

    Raises:
        DataError: There are no train samples, or too few to hold any out.
    """
    if data is None or "train" not in data.splits:
        has = "no data are given" if data is None else f"{data.uri} has no train samples"
        raise DataError(f"training needs samples, and {has}; name some, as in `data: {{train: …}}`")
    whole = data.splits["train"]
    if settings.patience is None:
        if len(whole) == 0:
            raise DataError(f"training needs samples, and the train split of {data.uri} is empty")
        return Parts(_only(data, whole), None)
    held = len(whole) // SHARE
    if held == 0:
        raise DataError(
            f"`patience` holds out every {SHARE}th train sample, and {data.uri} has only "
            f"{len(whole)}; give more, or leave `patience` out"
        )
    border = len(whole) - held
    return Parts(
        _only(data, _slice(whole, 0, border, seed)),
        _only(data, _slice(whole, border, len(whole), seed)),
    )


def batches_per_epoch(data: DataManifest, settings: Train) -> int:
    """Return the number of steps in an epoch over the train split of `data`.

    A last batch of a single sample does not train: batch norm has no variance to learn from it.
    """
    count, size = len(data.splits["train"]), settings.batch_size
    lone = size > 1 and count > 1 and count % size == 1
    return count // size if lone else -(-count // size)


def steps_per_epoch(data: DataManifest | None, settings: Train) -> int:
    """Return how many optimizer steps a training makes in an epoch, to plan schedules with.

    Raises:
        DataError: There are no train samples, or too few to hold any out.
    """
    return batches_per_epoch(training_parts(data, settings, seed=0).train, settings)


def _only(data: DataManifest, split: Split) -> DataManifest:
    return data.model_copy(update={"splits": {"train": split}})


def _slice(split: Split, start: int, stop: int, seed: int) -> Split:
    if split.take is None:
        take = Take(seed=seed, start=start, stop=stop)
    else:
        begin = split.take.start
        take = Take(seed=split.take.seed, start=begin + start, stop=begin + stop)
    return split.model_copy(update={"take": take})
