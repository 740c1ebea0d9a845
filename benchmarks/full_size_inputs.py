"""Networks of full size and what is fed to them: random weights and noise, or the user's own.

Weights for ImageNet and its images may not be passed on, so whoever has them names them:
`--weights DIR` with state dicts as torchvision gives them (`resnet50-11ad3fa6.pth`, or
`resnet50.safetensors`), `--imagenet DIR` with a folder for each class (`n01440764`, …), at best
below `train/` and `val/`. All 1000 folders in sorted order are the classes in the networks' order;
for fewer, `--classes FILE` names one folder a line in that order (docs/data.md).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from boildown import Uri
from boildown.data.uris import parse_uri

if TYPE_CHECKING:
    import argparse

NETWORKS = ("mobilenet_v2", "resnet50", "squeezenet1_1")
MODELS = tuple(f"torchvision:{name}" for name in NETWORKS)
IMAGES = 48
#: To train on.
LESSON = 16
CLASSES = 1000
_SUFFIXES = (".safetensors", ".pth", ".pt")


@dataclass(frozen=True)
class Inputs:
    """Models and data by URI, and what a reader must know of both."""

    #: URI by the name that the record gives it: the model without somebody's weights.
    models: dict[str, str]
    data: str
    words: str
    #: Of somebody's weights the SHA-256 by model, and of images that of paths and --classes.
    identity: dict[str, str]
    #: Labelled images of ImageNet, which alone make accuracies worth telling.
    imagenet: bool = False


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that name weights and images."""
    parser.add_argument("--models", nargs="+", default=MODELS)
    parser.add_argument("--weights", type=Path, help="folder of state dicts, else random weights")
    parser.add_argument("--imagenet", type=Path, help="folder of ImageNet's images, else noise")
    parser.add_argument("--classes", type=Path, help="file with one class folder a line")


def inputs(options: argparse.Namespace, folder: Path) -> Inputs:
    """Return what the options name; noise is written into `folder`.

    Raises:
        SystemExit: weights or images are missing, or images come without trained weights.
    """
    models, identity = {model: model for model in options.models}, {}
    words = "Weights are random and images noise: sizes and speeds hold, accuracies do not."
    if options.weights is not None:
        files = {model: _weights(model, options.weights) for model in models}
        models = {model: _with(model, file) for model, file in files.items()}
        identity = {model: _digest(file.read_bytes()) for model, file in files.items()}
        words = "Weights are the user's own, images noise: accuracies are those on noise."
    if options.imagenet is None:
        return Inputs(models, f"npz:{_noise(folder)}", words, identity)
    if options.weights is None:
        raise SystemExit("--imagenet judges trained networks: name their weights, --weights DIR")
    if not options.imagenet.is_dir():
        raise SystemExit(f"there is no folder {options.imagenet}")
    order = {} if options.classes is None else {"classes": str(options.classes.resolve())}
    data = str(Uri("images", str(options.imagenet.resolve()), order))
    # Folders are classes, in the order that --classes may give.
    photos = (path for path in options.imagenet.rglob("*") if path.is_file())
    names = sorted(path.relative_to(options.imagenet).as_posix() for path in photos)
    given = "" if options.classes is None else options.classes.read_text("utf-8")
    identity["images"] = _digest("\n".join([*names, given]).encode())
    words = "Weights and images are the user's own: ImageNet."
    return Inputs(models, data, words, identity, imagenet=True)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _weights(model: str, folder: Path) -> Path:
    name = model.partition(":")[2].partition("?")[0]
    found = sorted(
        file for file in folder.glob(f"{name}[-.]*") if file.suffix in _SUFFIXES and file.is_file()
    )
    if len(found) != 1:
        what = f"holds {', '.join(file.name for file in found)}" if found else "has no weights"
        raise SystemExit(
            f"{folder} {what} for {name}; one file {name}.safetensors, or {name}-….pth, is wanted"
        )
    return found[0]


def _with(model: str, weights: Path) -> str:
    uri = parse_uri(model)
    return str(Uri(uri.scheme, uri.path, {**uri.query, "weights": str(weights.resolve())}))


def _noise(folder: Path) -> Path:
    """Write images of noise: calibration and test splits, and some to train on with any class."""
    random = np.random.default_rng(0)
    draw = random.integers(0, 256, (2, IMAGES, 3, 224, 224), dtype=np.uint8)
    lesson = random.integers(0, 256, (LESSON, 3, 224, 224), dtype=np.uint8)
    classes = random.integers(0, CLASSES, LESSON)
    splits = {"calibration_x": draw[0], "test_x": draw[1], "train_x": lesson, "train_y": classes}
    np.savez(folder / "noise.npz", **splits)
    return folder / "noise.npz"
