"""Fit a dataset to a model: names of inputs, preprocessing, and a look at the first samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..errors import DataError
from .batches import batches
from .geometry import output_shape
from .manifest import DataManifest, SplitName
from .naming import Shape, naming_mistakes, with_model_names
from .preprocessing import Preprocessing
from .samples import all_labels, header_of, is_image_batch, yielded
from .wording import one_a_line, product

_CHANNELS = (1, 3)
_EXAMPLE = (
    "add `input: {resize: 256, crop: [224, 224], mean: [0.485, 0.456, 0.406], "
    "std: [0.229, 0.224, 0.225]}` to the recipe, or a model.yaml beside the model, with the "
    "numbers that the model was trained with"
)


class _Sample(NamedTuple):
    """What one sample is when it reaches the model; `pixels`: it was an image."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    pixels: bool


def bind(
    manifest: DataManifest,
    *,
    preprocessing: Preprocessing | None,
    inputs: Mapping[str, Shape],
    classes: int | None,
    dtypes: Mapping[str, str] | None = None,
    outputs: Sequence[str] | None = None,
) -> DataManifest:
    """Return the manifest with the model's input names and preprocessing, checked against it.

    Args:
        manifest: Data as a source gives them.
        preprocessing: The model's, needed for images only.
        inputs: The model's inputs with their shapes, the batch axis first.
        classes: Number of classes that the model tells apart; None: unknown.
        dtypes: numpy names of the inputs' types; inputs left out are not checked.
        outputs: Names of the model's outputs, which the data may say the truth of; None: the model
            is a classifier, and its data have class labels or none.

    Raises:
        DataError: A split is empty, samples do not fit the inputs, labels not the classes, or
            images have no preprocessing; everything wrong is told at once.
    """
    if preprocessing is None and _has_images(manifest):
        raise DataError(
            f"{manifest.uri} holds images, and nothing says how the model wants them; {_EXAMPLE}"
        )
    wrong = [
        f"the {name} split of {manifest.uri} is empty; give it samples or leave it out"
        for name, split in manifest.splits.items()
        if not len(split)
    ]
    wrong += naming_mistakes(manifest, inputs, outputs)
    if wrong:
        raise DataError(one_a_line(list(dict.fromkeys(wrong))))
    splits = {
        name: with_model_names(manifest, split, inputs, outputs or ())
        for name, split in manifest.splits.items()
    }
    bound = manifest.model_copy(update={"splits": splits, "preprocessing": preprocessing})
    for name in splits:
        wrong += _sample_mistakes(bound, name, inputs, dtypes or {})
        wrong += _label_mistakes(bound, name, classes) if outputs is None else []
    if wrong:
        raise DataError(one_a_line(list(dict.fromkeys(wrong))))
    return bound


def _has_images(manifest: DataManifest) -> bool:
    return manifest.kind == "images" or any(
        is_image_batch(header_of(split, key))
        for split in manifest.splits.values()
        for key in split.inputs.values()
    )


def _sample_mistakes(
    manifest: DataManifest,
    name: SplitName,
    inputs: Mapping[str, Shape],
    dtypes: Mapping[str, str],
) -> list[str]:
    wrong = []
    for input_name, first in _first_sample(manifest, name).items():
        wanted = inputs[input_name][1:]
        what = "images become" if first.pixels else f"{name} samples are"
        if not _fits(first.shape, wanted):
            hint = _hint(first.shape, wanted) if first.pixels else "reshape the array"
            wrong.append(
                f"{what} {product(first.shape)} but the model's input {input_name!r} "
                f"wants {product(wanted)}; {hint}"
            )
        wrong += _dtype_mistakes(what, input_name, first, dtypes.get(input_name))
    return wrong


def _first_sample(manifest: DataManifest, name: SplitName) -> dict[str, _Sample]:
    """Return what the first sample becomes; of arrays the headers say it all."""
    if manifest.kind == "images":
        try:
            images = next(batches(manifest, name, 1)).inputs
        except DataError:
            return {}  # `probe` names this image together with all others that are broken
        return {
            key: _Sample(image.shape[1:], image.dtype, pixels=True) for key, image in images.items()
        }
    samples = {}
    for input_name, key in manifest.splits[name].inputs.items():
        header = header_of(manifest.splits[name], key)
        if is_image_batch(header) and manifest.preprocessing is not None:
            *channels, height, width = header.shape[1:]
            raw = (channels[0] if channels else 1, height, width)
            shape = output_shape(manifest.preprocessing, raw)
            samples[input_name] = _Sample(shape, np.dtype(np.float32), pixels=True)
        else:
            samples[input_name] = _Sample(header.shape[1:], header.dtype, pixels=False)
    return samples


def _dtype_mistakes(what: str, name: str, first: _Sample, wanted: str | None) -> list[str]:
    if wanted is None or first.dtype == np.dtype(wanted):
        return []
    hint = (
        "give ready arrays in an .npz file to this model"
        if first.pixels
        else f"store them with .astype({wanted!r})"
    )
    return [f"{what} {first.dtype} but the model's input {name!r} wants {wanted}; {hint}"]


def _fits(shape: Sequence[int], wanted: Shape) -> bool:
    return len(shape) == len(wanted) and all(
        not isinstance(axis, int) or axis == length
        for length, axis in zip(shape, wanted, strict=True)
    )


def _hint(shape: Sequence[int], wanted: Shape) -> str:
    """Say which settings of `input:` would make an image of this shape fit."""
    match wanted:
        case (_, _, 1 | 3 as channels) if wanted[0] not in _CHANNELS:
            layout, size = "nhwc", tuple(wanted[:2])
        case (channels, height, width):
            layout, size = "nchw", (height, width)
        case _:
            return "the model does not take images, so give it ready arrays in an .npz file"
    first = shape[0] in _CHANNELS
    given = tuple(shape) if first else (shape[2], *shape[:2])
    settings = []
    if layout != ("nchw" if first else "nhwc"):
        settings.append(f"layout: {layout}")
    if not _fits(given[:1], (channels,)):
        settings.append(f"channels: {'gray' if channels == 1 else 'rgb'}")
    if not _fits(given[1:], size):
        settings.append(f"resize: [{', '.join(map(str, size))}]")
    return f"set `input: {{{', '.join(settings)}}}`"


def _label_mistakes(manifest: DataManifest, name: SplitName, classes: int | None) -> list[str]:
    split = manifest.splits[name]
    labels = all_labels(manifest, split)
    if labels is None:
        return []
    used = labels[yielded(split)]
    outside = used[(used < 0) | (used >= (classes or 2**31))]
    if not outside.size:
        return []
    known = f"{classes} classes 0…{classes - 1}" if classes is not None else "classes"
    text = (
        f"{outside.size} labels of the {name} split of {manifest.uri} are outside the model's "
        f"{known}, such as {outside[0]}; labels count from 0 in the "
        "model's order (classes=FILE gives that order for folders of images)"
    )
    return [text]
