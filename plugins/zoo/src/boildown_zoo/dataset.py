"""Fashion-MNIST: 60,000 + 10,000 gray images of 28x28 pixels in ten balanced classes."""

from __future__ import annotations

from pathlib import Path

from boildown import DataManifest, Split

from .uris import SCHEME

DATASET = "fashion-mnist"
FOLDER = Path(__file__).parent / "fashion_mnist"
LICENCE = "MIT"
DESCRIPTION = "Fashion-MNIST: 60,000 train and 10,000 test images, gray, 28x28, ten classes"
#: In the order of the label numbers.
CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
COUNTS = {"train": 60_000, "test": 10_000}


def manifest(split: str | None) -> DataManifest:
    """Describe the whole dataset, or one split of `COUNTS` alone."""
    return DataManifest(
        uri=f"{SCHEME}:{DATASET}" + (f"?split={split}" if split else ""),
        kind="arrays",
        splits={
            name: Split(
                path=FOLDER / f"{name}.npz",
                inputs={"*": "images"},
                labels="labels",
                count=count,
            )
            for name, count in COUNTS.items()
            if split in {None, name}
        },
        classes=CLASSES,
        licence=LICENCE,
    )
