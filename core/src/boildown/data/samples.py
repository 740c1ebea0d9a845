"""Which samples a split yields, in which order, and how some of them are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .decode import decode
from .index import Index, read_index
from .manifest import DataManifest, Split, SplitName
from .npz_file import Header, load_array, read_headers
from .preprocess import batch_pixels, image_pixels, normalised
from .preprocessing import Preprocessing
from .wording import product

#: What is done to pixels (N, C, H, W) between cropping and normalising.
Change = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]


def shuffled(count: int, *key: int) -> NDArray[np.int64]:
    """Return a permutation of `count` numbers that depends on `key` alone.

    It sorts raw output of PCG64, which numpy keeps stable; `Generator.permutation` may change
    with any version, and with it every calibration set.
    """
    draws = np.random.PCG64(np.random.SeedSequence(key)).random_raw(count)
    return np.argsort(draws, kind="stable").astype(np.int64)


def yielded(split: Split) -> NDArray[np.int64]:
    """Return the positions in the file of the samples that a split yields, in order."""
    if split.take is None:
        return np.arange(split.count)
    if split.take.stop > split.count or split.take.start > split.take.stop:
        raise DataError(
            f"a slice {split.take.start}:{split.take.stop} of {split.path.name}, which holds "
            f"{split.count} samples"
        )
    whole = (
        np.arange(split.count)
        if split.take.seed is None
        else shuffled(split.count, split.take.seed)
    )
    return whole[split.take.start : split.take.stop]


def all_labels(manifest: DataManifest, split: Split) -> NDArray[np.int64] | None:
    """Return the labels of every sample in the file, or None where there are none.

    Raises:
        DataError: The file cannot be read or has changed.
    """
    if not split.labelled:
        return None
    if manifest.kind == "images":
        return np.array([label for _, label in _index(split).entries], np.int64)
    if split.labels is None:
        raise DataError(f"{split.path}: a labelled split of {manifest.uri} names no labels")
    return array_of(split, split.labels).astype(np.int64)


def array_of(split: Split, key: str) -> NDArray[Any]:
    """Return an array of a split's file after making sure that it still has its length.

    Raises:
        DataError: The file cannot be read or has changed.
    """
    values = load_array(split.path, key)
    if len(values) != split.count:
        raise DataError(
            f"{split.path}: {key!r} has {len(values)} samples and had {split.count} when the "
            "run began; leave the file alone while it is in use"
        )
    return values


def header_of(split: Split, key: str) -> Header:
    """Return shape and type of an array of a split's file, without reading the array.

    Raises:
        DataError: The file cannot be read or has no such array.
    """
    headers = read_headers(split.path)
    if key not in headers:
        raise DataError(f"{split.path} has no array {key!r} (it holds {', '.join(headers)})")
    return headers[key]


def is_image_batch(values: Header | NDArray[Any]) -> bool:
    """Tell whether an array holds images to preprocess, by the rule of `DataManifest`."""
    return values.dtype == np.uint8 and len(values.shape) in (3, 4)


def read_inputs(
    manifest: DataManifest, name: SplitName, positions: NDArray[np.int64], change: Change
) -> dict[str, NDArray[Any]]:
    """Read samples by their positions in the file, ready for the model.

    Raises:
        DataError: A sample is broken (it is named), or the data are not bound to a model.
    """
    split = manifest.splits[name]
    if manifest.kind == "images":
        preprocessing = _bound(manifest)
        pixels = change(_decoded(_index(split), positions, preprocessing))
        input_name = next(iter(split.inputs), "*")
        return {input_name: normalised(pixels, preprocessing)}
    inputs: dict[str, NDArray[Any]] = {}
    for input_name, key in split.inputs.items():
        values = array_of(split, key)[positions]
        if is_image_batch(values):
            preprocessing = _bound(manifest)
            values = normalised(change(batch_pixels(values, preprocessing)), preprocessing)
        inputs[input_name] = values
    return inputs


def describe(manifest: DataManifest, split: Split, position: int) -> str:
    """Name one sample in a user's words: its file, or its number in the arrays."""
    if manifest.kind == "images":
        return str(_index(split).file(position))
    return f"sample {position} of {'/'.join(split.inputs.values())} in {split.path.name}"


def _bound(manifest: DataManifest) -> Preprocessing:
    if manifest.preprocessing is None:
        raise DataError(f"{manifest.uri} holds images and is not bound to a model yet")
    return manifest.preprocessing


def _index(split: Split) -> Index:
    index = read_index(split.path)
    if len(index.entries) != split.count:
        raise DataError(f"{split.path} lists {len(index.entries)} images, not {split.count}")
    return index


def _decoded(
    index: Index, positions: NDArray[np.int64], preprocessing: Preprocessing
) -> NDArray[np.uint8]:
    images: list[NDArray[np.uint8]] = []
    for position in positions:
        path = index.file(int(position))
        image = decode(path)
        try:
            images.append(image_pixels(image, preprocessing))
        except DataError as error:
            raise DataError(f"the image {path}: {error}") from error
        if images[-1].shape != images[0].shape:
            sizes = " and ".join(product(images[place].shape[1:]) for place in (0, -1))
            raise DataError(
                f"the images {index.file(int(positions[0]))} and {path} differ in size "
                f"({sizes} pixels); bring all to one size "
                "with `input: {resize: …}`"
            )
    return np.stack(images)
