"""The trained networks: the file, what it scores, and how an image becomes its input.

They are torchvision's classes with narrower blocks and a stem of stride 1, for 32x32 images, so
neither their sizes nor their accuracies are those of the ImageNet networks of the same name.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from boildown import Expect, ModelEntry, Preprocessing

from .dataset import CLASSES, DATASET
from .uris import SCHEME

FOLDER = Path(__file__).parent / "models"
LICENCE = "Apache-2.0"


class Network(NamedTuple):
    """What the zoo knows of a network beside its file."""

    title: str
    #: Share of the 10,000 test images, from the record under `benchmarks/results/zoo`.
    top1: float


NETWORKS = {
    "mobilenet_v2": Network("MobileNetV2, half width", 0.9172),
    "resnet50": Network("ResNet50, 0.375 of the width", 0.918),
    "squeezenet1_1": Network("SqueezeNet 1.1, full width, without batch norm", 0.9169),
}

# The mean and deviation are those of the unpadded training pixels, yet apply after padding.
PREPROCESSING = Preprocessing(pad=2, channels="rgb", mean=(0.2860,), std=(0.3530,))


def description(name: str) -> str:
    """Say in one line what a network is and how good."""
    network = NETWORKS[name]
    return f"{network.title}, 3x32x32, Fashion-MNIST: top-1 {network.top1:.4f} of 10,000 images"


def model_entry(name: str) -> ModelEntry:
    """Describe one network of `NETWORKS`."""
    return ModelEntry(
        uri=f"{SCHEME}:{name}",
        path=FOLDER / f"{name}.onnx",
        preprocessing=PREPROCESSING,
        labels=CLASSES,
        default_data=f"{SCHEME}:{DATASET}",
        expect=Expect(top1=NETWORKS[name].top1),
        licence=LICENCE,
        description=description(name),
    )
