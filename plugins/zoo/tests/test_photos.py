"""`zoo:photos` is 20 labelled photos and 10 others, read where they were installed."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path

import pytest
from boildown import DataError, DataManifest, Preprocessing, batches
from boildown_zoo.hooks import provide_dataset
from boildown_zoo.photos import dataset
from boildown_zoo.photos.extra import folder_of
from PIL import Image


def files(manifest: DataManifest, split: str) -> list[Path]:
    header, *rows = map(json.loads, manifest.splits[split].path.read_text().splitlines())
    return [Path(header["root"], row["path"]) for row in rows]


def test_there_are_20_photos_to_test_and_10_to_calibrate(photos: DataManifest) -> None:
    assert photos.kind == "images"
    assert {name: (len(split), split.labelled) for name, split in photos.splits.items()} == {
        "calibration": (10, False),
        "test": (20, True),
    }


def test_labels_are_those_in_the_names_of_the_files(photos: DataManifest) -> None:
    split = photos.splits["test"].model_copy(update={"inputs": {"input": ""}})
    small = Preprocessing(resize=(8, 8))
    bound = photos.model_copy(update={"splits": {"test": split}, "preprocessing": small})
    labels = [
        int(batch.labels[0]) for batch in batches(bound, "test", 1) if batch.labels is not None
    ]
    assert labels == [int(file.stem.split("_")[-1]) for file in files(photos, "test")]
    assert Counter(labels).most_common(1) == [(609, 2)]
    assert min(labels) == 22
    assert max(labels) == 990


def test_no_photo_both_calibrates_and_tests(photos: DataManifest) -> None:
    everything = [*files(photos, "calibration"), *files(photos, "test")]
    assert len({hashlib.sha256(file.read_bytes()).digest() for file in everything}) == 30


def test_photos_to_calibrate_are_in_colour(photos: DataManifest) -> None:
    modes = [Image.open(file, formats=["JPEG", "PNG"]) for file in files(photos, "calibration")]
    assert {image.mode for image in modes} <= {"RGB", "RGBA"}
    for image in modes:
        image.close()


def test_no_photo_is_copied(photos: DataManifest, tmp_path: Path) -> None:
    assert provide_dataset("zoo:photos", tmp_path) is not None
    assert {path.suffix for path in tmp_path.iterdir()} == {".jsonl"}
    packages = [folder_of(name) for name in dataset.PACKAGES]
    for file in (*files(photos, "calibration"), *files(photos, "test")):
        assert any(file.is_relative_to(package) for package in packages)


@pytest.mark.parametrize("split", dataset.SPLITS)
def test_one_split_can_be_named_alone(split: str, tmp_path: Path) -> None:
    manifest = provide_dataset(f"zoo:photos?split={split}", tmp_path)
    assert manifest is not None
    assert list(manifest.splits) == [split]
    assert bool(manifest.notes) is (split == "test")


def test_the_manifest_survives_json(photos: DataManifest) -> None:
    assert DataManifest.model_validate(json.loads(photos.model_dump_json())) == photos


def test_a_package_without_its_photos_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(dataset, "folder_of", lambda _: tmp_path)
    with pytest.raises(
        DataError, match=r"10 photos are missing, such as .*astronaut\.png; reinstall"
    ):
        provide_dataset("zoo:photos?split=calibration", tmp_path)
    with pytest.raises(DataError, match="holds 0 labelled ImageNet photos where 20 are known"):
        provide_dataset("zoo:photos?split=test", tmp_path)
