"""Tiny seeded data and networks on which a training shows within a second whether it works."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from boildown import DataManifest, Split
from torch import nn

CLASSES = 4


def blobs(folder: Path, count: int = 200, *, labelled: bool = True) -> DataManifest:
    """Points of 8 numbers around a corner for each class; half of them train, half test."""
    random = np.random.default_rng(0)
    labels = np.arange(count) % CLASSES
    corners = random.normal(0, 2, (CLASSES, 8))
    points = (corners[labels] + random.normal(0, 1, (count, 8))).astype(np.float32)
    return arrays(folder / "blobs.npz", {"x": points}, labels if labelled else None)


def maps(folder: Path, count: int = 96) -> DataManifest:
    """Images of 3x8x8 numbers with one bright quarter, which is the class."""
    random = np.random.default_rng(1)
    labels = np.arange(count) % CLASSES
    images = random.normal(0, 0.3, (count, 3, 8, 8)).astype(np.float32)
    for image, label in zip(images, labels, strict=True):
        image[:, label // 2 * 4 :, label % 2 * 4 :][:, :4, :4] += 1
    return arrays(folder / "maps.npz", {"x": images}, labels)


def arrays(path: Path, inputs: dict[str, np.ndarray], labels: np.ndarray | None) -> DataManifest:
    """Describe arrays as train split alone."""
    held = inputs if labels is None else inputs | {"y": labels}
    np.savez(path, **held)
    split = Split(
        path=path,
        inputs={name: name for name in inputs},
        labels=None if labels is None else "y",
        labelled=labels is not None,
        count=len(next(iter(inputs.values()))),
    )
    return DataManifest(uri=f"npz:{path.name}", kind="arrays", splits={"train": split})


def mlp(seed: int = 0, width: int = 16) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(8, width), nn.ReLU(), nn.Linear(width, CLASSES))


def cnn(seed: int = 0, width: int = 8) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, width, 3, padding=1),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.Conv2d(width, width, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.1),
        nn.Linear(4 * width, CLASSES),
    )


def top1(module: nn.Module, data: DataManifest) -> float:
    """Return the fraction of train samples that a module gets right."""
    with np.load(data.splits["train"].path) as held, torch.no_grad():
        found = module(torch.from_numpy(held["x"])).argmax(1).numpy()
        return float((found == held["y"]).mean())


def weights(module: nn.Module) -> dict[str, np.ndarray]:
    return {name: value.detach().numpy().copy() for name, value in module.state_dict().items()}


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return all(np.array_equal(one[name], other[name]) for name in one)
