"""Fashion-MNIST as the networks see it: read from idx files, padded, normalised, augmented."""

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Split = Literal["train", "t10k"]
PADDING = 2
SIZE = 28 + 2 * PADDING
# Of the unpadded training pixels, in 0..1; applied after padding, so that a black border is not 0.
MEAN, STD = 0.2860, 0.3530


@dataclass(frozen=True, slots=True)
class LabelledImages:
    """Raw images of N x 28 x 28 bytes and one class number for each."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Read one gzipped idx file of bytes, in the shape that its header states."""
    content = gzip.decompress(path.read_bytes())
    if content[:3] != b"\0\0\x08":
        msg = f"{path.name}: not an idx file of unsigned bytes"
        raise ValueError(msg)
    header = 4 + 4 * content[3]
    shape = np.frombuffer(content[4:header], ">u4")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def read_split(folder: Path, split: Split) -> LabelledImages:
    """Read the images and labels of one split from a folder of idx.gz files."""
    return LabelledImages(
        images=read_idx(folder / f"{split}-images-idx3-ubyte.gz"),
        labels=read_idx(folder / f"{split}-labels-idx1-ubyte.gz"),
    )


def normalised(images: Tensor) -> Tensor:
    """Turn N x 32 x 32 bytes into what a network takes: N x 3 x 32 x 32, normalised."""
    values = (images.float() / 255 - MEAN) / STD
    repeated = values.unsqueeze(1).repeat(1, 3, 1, 1)
    return repeated.contiguous(memory_format=torch.channels_last)


def plain_batch(images: NDArray[np.uint8]) -> Tensor:
    """Prepare images for testing: padding and normalisation only."""
    padded = np.pad(images, ((0, 0), (PADDING, PADDING), (PADDING, PADDING)))
    return normalised(torch.from_numpy(padded))


def augmented_batch(images: NDArray[np.uint8], generator: torch.Generator) -> Tensor:
    """Prepare images for training: each moved by up to two pixels and mirrored by chance."""
    count = len(images)
    border = 2 * PADDING
    canvas = torch.from_numpy(np.pad(images, ((0, 0), (border, border), (border, border))))
    offsets = torch.randint(0, border + 1, (2, count, 1), generator=generator)
    rows, columns = offsets + torch.arange(SIZE)
    mirrored = torch.rand(count, 1, generator=generator) < 0.5
    columns = torch.where(mirrored, columns.flip(1), columns)
    return normalised(
        canvas[torch.arange(count)[:, None, None], rows[:, :, None], columns[:, None]]
    )
