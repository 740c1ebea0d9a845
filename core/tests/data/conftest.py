"""Small folders of images and small arrays, made from seeds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

WriteImage = Callable[..., Path]


def pixels(seed: int, height: int = 8, width: int = 8) -> np.ndarray:
    """Return seeded RGB pixels (H, W, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def write_image(tmp_path: Path) -> WriteImage:
    """Give a function that writes a seeded PNG at a path below the test's folder."""

    def write(relative: str, seed: int = 0, height: int = 8, width: int = 8) -> Path:
        path = tmp_path / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels(seed, height, width)).save(path)
        return path

    return write


@pytest.fixture
def pets(tmp_path: Path, write_image: WriteImage) -> Path:
    """Write train and test folders of three cats and two dogs each, all different."""
    seed = 0
    for split in ("train", "test"):
        for name, count in (("cat", 3), ("dog", 2)):
            for number in range(count):
                write_image(f"pets/{split}/{name}/{number}.png", seed := seed + 1)
    return tmp_path / "pets"


@pytest.fixture
def digits(tmp_path: Path) -> Path:
    """Write an .npz file of 40 train and 20 test images, (N, 1, 8, 8) of uint8, in 4 classes."""
    rng = np.random.default_rng(0)
    path = tmp_path / "digits.npz"
    np.savez(
        path,
        train_x=rng.integers(0, 256, (40, 1, 8, 8), dtype=np.uint8),
        train_y=np.arange(40) % 4,
        test_x=rng.integers(0, 256, (20, 1, 8, 8), dtype=np.uint8),
        test_y=np.arange(20) % 4,
    )
    return path
