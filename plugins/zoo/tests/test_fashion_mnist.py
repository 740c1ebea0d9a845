"""The images that ship are Fashion-MNIST, whole, and its two splits share nothing."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boildown import DataManifest
from boildown_zoo.hooks import provide_dataset
from numpy.typing import NDArray

COUNTS = {"train": 60_000, "test": 10_000}
# Of the published arrays, so that repacking cannot change a pixel or a label unnoticed.
DIGESTS = {
    ("train", "images"): "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012",
    ("train", "labels"): "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7",
    ("test", "images"): "c867c93ff95360594e8ec3287995350b824dd110b11595c0e13d5423f621867a",
    ("test", "labels"): "3d0e6c6ea990b53b6f8f500a41cac93881d981b315f84578b7d915342ade01e9",
}

Splits = dict[str, dict[str, NDArray[Any]]]


def dataset(uri: str) -> DataManifest:
    manifest = provide_dataset(uri, Path())
    assert manifest is not None
    return manifest


@pytest.mark.parametrize(("split", "key"), list(DIGESTS))
def test_every_published_byte_is_there(splits: Splits, split: str, key: str) -> None:
    array = splits[split][key].astype(np.uint8)
    assert hashlib.sha256(array.tobytes()).hexdigest() == DIGESTS[split, key]


@pytest.mark.parametrize("split", list(COUNTS))
def test_images_are_raw_bytes_with_one_label_each(splits: Splits, split: str) -> None:
    images, labels = splits[split]["images"], splits[split]["labels"]
    assert (str(images.dtype), images.shape) == ("uint8", (COUNTS[split], 28, 28))
    assert (str(labels.dtype), labels.shape) == ("int64", (COUNTS[split],))


@pytest.mark.parametrize("split", list(COUNTS))
def test_classes_are_balanced(splits: Splits, split: str) -> None:
    assert np.bincount(splits[split]["labels"]).tolist() == [COUNTS[split] // 10] * 10


def test_no_image_stands_in_both_splits_or_twice_in_one(splits: Splits) -> None:
    distinct = {image.tobytes() for arrays in splits.values() for image in arrays["images"]}
    assert len(distinct) == sum(COUNTS.values())


def test_the_whole_dataset_has_both_splits_with_their_true_counts() -> None:
    manifest = dataset("zoo:fashion-mnist")
    assert {name: len(split) for name, split in manifest.splits.items()} == COUNTS
    assert len(manifest.classes) == 10


@pytest.mark.parametrize("split", list(COUNTS))
def test_one_split_can_be_named_alone(split: str) -> None:
    assert list(dataset(f"zoo:fashion-mnist?split={split}").splits) == [split]


def test_the_manifest_survives_json() -> None:
    manifest = dataset("zoo:fashion-mnist")
    assert DataManifest.model_validate(json.loads(manifest.model_dump_json())) == manifest


def test_the_licence_lies_beside_the_images() -> None:
    path = dataset("zoo:fashion-mnist").splits["test"].path
    assert "Zalando SE" in (path.parent / "LICENSE").read_text(encoding="utf-8")
