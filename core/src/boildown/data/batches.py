"""The one way in which samples reach a model: batches, read lazily and in a repeatable order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .augment import Augmentation
from .manifest import Batch, DataManifest, SplitName
from .samples import all_labels, array_of, header_of, is_image_batch, read_inputs, shuffled, yielded


def batches(
    manifest: DataManifest,
    split: SplitName,
    size: int,
    *,
    seed: int | None = None,
    epoch: int = 0,
    augment: Sequence[Literal["flip", "shift"]] = (),
    limit: int | None = None,
) -> Iterator[Batch]:
    """Yield a split in batches of `size` samples; the last one may be shorter.

    Args:
        manifest: Data that `bind` has fitted to a model: inputs then have the model's names.
        split: train, calibration or test.
        size: Samples in a batch.
        seed: Shuffle by (seed, epoch); None keeps the order of the split.
        epoch: Number of the pass over the data, from 0.
        augment: Mirror each image by chance, shift it by up to 1/16 of its side, or both; done
            to pixels, before normalising, and decided by (seed, epoch, sample).
        limit: Stop after so many samples.

    Yields:
        Inputs with the batch as first axis (images float32 NCHW, or NHWC where preprocessing
        says so), int64 labels of shape (N,), or None for unlabelled data, and what outputs should
        be where that is no class.

    Raises:
        DataError: The split is missing, or a sample cannot be read; the file is named.
    """
    if size < 1:
        raise DataError(f"a batch of {size} samples; batches hold at least one")
    if split not in manifest.splits:
        has = ", ".join(manifest.splits) or "none"
        raise DataError(f"{manifest.uri} has no {split} samples (its splits: {has})")
    if augment:
        _refuse_augmenting_numbers(manifest, split)
    return _batches(manifest, split, size, seed=seed, epoch=epoch, augment=augment, limit=limit)


def filled(array: NDArray[Any], size: int) -> NDArray[Any]:
    """Repeat the last sample until there are `size`, as a network of a fixed batch takes them."""
    missing = max(size - len(array), 0)
    return np.concatenate([array, np.repeat(array[-1:], missing, axis=0)]) if missing else array


def _batches(
    manifest: DataManifest,
    name: SplitName,
    size: int,
    *,
    seed: int | None,
    epoch: int,
    augment: Sequence[str],
    limit: int | None,
) -> Iterator[Batch]:
    split = manifest.splits[name]
    positions = yielded(split)
    if seed is not None:
        positions = positions[shuffled(len(positions), seed, epoch)]
    positions = positions[:limit]
    labels = all_labels(manifest, split)
    augmentation = Augmentation(augment, split.count, seed or 0, epoch) if augment else None
    for start in range(0, len(positions), size):
        here = positions[start : start + size]

        def change(pixels: NDArray[np.uint8], here: NDArray[Any] = here) -> NDArray[np.uint8]:
            return augmentation.change(pixels, here) if augmentation else pixels

        inputs = read_inputs(manifest, name, here, change)
        truths = {output: array_of(split, key)[here] for output, key in split.truths.items()}
        yield Batch(inputs, None if labels is None else labels[here], truths)


def _refuse_augmenting_numbers(manifest: DataManifest, name: SplitName) -> None:
    split = manifest.splits[name]
    for key in split.inputs.values() if manifest.kind == "arrays" else ():
        if not is_image_batch(header_of(split, key)):
            raise DataError(
                f"{key!r} in {split.path} is not uint8 pixels, so it cannot be augmented; give "
                "raw images, or leave `augment` out"
            )
