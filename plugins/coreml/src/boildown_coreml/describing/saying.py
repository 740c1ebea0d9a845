"""What a file says of its images and classes, and why it cannot say so of some models.

It stands in the file itself, in Core ML's own form for apps, and once more as JSON in the
metadata for whoever feeds the file with what its source takes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from boildown import Preprocessing, UnsupportedError

if TYPE_CHECKING:
    from boildown import Context
    from onnx import ModelProto

IMAGE, CLASSES = "image_input", "classifier"
_IMAGE_KEY, _LABELS_KEY = "boildown.preprocessing", "boildown.labels"
_AXES = 4


class Said(NamedTuple):
    """What a file says; None and empty where it takes and gives plain numbers."""

    image: Preprocessing | None = None
    labels: tuple[str, ...] = ()

    def metadata(self) -> dict[str, str]:
        """Return what of it goes into the metadata of the file."""
        found = {}
        if self.image is not None:
            found[_IMAGE_KEY] = self.image.model_dump_json()
        if self.labels:
            found[_LABELS_KEY] = json.dumps(self.labels)
        return found


def said_of(description: Any) -> Said:
    """Return what the description (a message of coremltools' protocol) of a file says."""
    kept = description.metadata.userDefined
    image = kept.get(_IMAGE_KEY)
    return Said(
        None if image is None else Preprocessing.model_validate_json(image),
        tuple(json.loads(kept.get(_LABELS_KEY) or "[]")),
    )


def asked_of(context: Context, source: ModelProto) -> Said:
    """Return what the recipe wants a file to say.

    Raises UnsupportedError where the model has no images or labels, or Core ML no form for them.
    """
    image, labels = None, tuple[str, ...]()
    if context.settings.get(IMAGE):
        image = _checked_image(context.preprocessing, source)
    if context.settings.get(CLASSES):
        labels = _checked_labels(context.labels, source)
    return Said(image, labels)


def lines(image: Preprocessing) -> tuple[np.ndarray, np.ndarray]:
    """Return factor and offset of each channel, (C,) each: input = pixel × factor + offset."""
    channels = 1 if image.channels == "gray" else 3
    low, high = image.range
    mean, std = (
        np.broadcast_to(np.asarray(numbers, np.float64), channels)
        for numbers in (image.mean, image.std)
    )
    return (
        ((high - low) / 255 / std).astype(np.float32),
        ((low - mean) / std).astype(np.float32),
    )


def _checked_image(image: Preprocessing | None, source: ModelProto) -> Preprocessing:
    if image is None:
        raise UnsupportedError(
            f"{IMAGE}: it is not known how an image becomes the input of this model; give `input:`"
        )
    shapes = [[n.dim_value for n in x.type.tensor_type.shape.dim] for x in source.graph.input]
    channels = 1 if image.channels == "gray" else 3
    problems = {
        "the model has several inputs": len(shapes) > 1,
        "Core ML lays images out as (channels, height, width), and the model as nhwc": (
            image.layout == "nhwc"
        ),
        "the model takes batches of fixed size, and Core ML one image": shapes[0][0] > 1,
        f"the input has shape {shapes[0][1:]}, which is no image of {channels} channels": (
            len(shapes[0]) != _AXES or shapes[0][1] != channels or not all(shapes[0][1:])
        ),
    }
    if found := [text for text, holds in problems.items() if holds]:
        raise UnsupportedError(f"{IMAGE}: {'; '.join(found)}")
    return image


def _checked_labels(labels: tuple[str, ...], source: ModelProto) -> tuple[str, ...]:
    if not labels:
        raise UnsupportedError(f"{CLASSES}: the model has no labels; name a file as `labels`")
    shape = [n.dim_value for n in source.graph.output[0].type.tensor_type.shape.dim]
    repeated = sorted({label for label in labels if labels.count(label) > 1})
    problems = {
        f"the first output has shape {shape[1:]}, and there are {len(labels)} labels": (
            shape[1:] != [len(labels)]
        ),
        "the model takes batches of fixed size, and Core ML classifies one sample": (
            bool(shape) and shape[0] > 1
        ),
        f"Core ML finds scores by label, and these repeat: {', '.join(repeated[:3])}": (
            bool(repeated)
        ),
    }
    if found := [text for text, holds in problems.items() if holds]:
        raise UnsupportedError(f"{CLASSES}: {'; '.join(found)}")
    return labels
