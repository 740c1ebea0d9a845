"""`zoo:photos`: 20 labelled ImageNet photos to test on, others without labels to calibrate with.

The photos are third parties' and lie in packages that anybody can install; they are read there
and copied nowhere. Which of scikit-image's are taken: the colour photos that its wheel holds, not
what `skimage.data` would download, and of the stereo pair the left one.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from boildown import DataError, DataManifest, Index, write_split

from ..uris import SCHEME
from .extra import folder_of, remark, require

if TYPE_CHECKING:
    from collections.abc import Sequence

#: An image file and its class number, None where nobody labelled it.
Photo = tuple[Path, int | None]
DATASET = "photos"
SPLITS = ("calibration", "test")
PACKAGES = ("foolbox", "skimage", "sklearn")
LICENCE = "third parties'; see the packages"
_TESTED = 20
_LABELLED = re.compile(r"imagenet_\d+_(\d+)")
_CALIBRATION = {
    "skimage": (
        "data/astronaut.png",
        "data/chelsea.png",
        "data/coffee.png",
        "data/hubble_deep_field.jpg",
        "data/ihc.png",
        "data/motorcycle_left.png",
        "data/retina.jpg",
        "data/rocket.jpg",
    ),
    "sklearn": ("datasets/images/china.jpg", "datasets/images/flower.jpg"),
}
_NOTE = (
    "20 test photos tell a broken model from a sound one, not two good ones apart: 18 of 20 right"
    " means 70 to 97 % (95 % interval). Agreement with the float model and SQNR say more"
)


def description() -> str:
    """Say in one line what the dataset is, and whether it can be had."""
    number = sum(map(len, _CALIBRATION.values()))
    return (
        f"{_TESTED} labelled ImageNet photos (of foolbox) to test, {number} unlabelled photos (of"
        f" scikit-image and scikit-learn) to calibrate{remark(PACKAGES)}"
    )


def manifest(split: str | None, workdir: Path) -> DataManifest:
    """Index both splits, or the one of `SPLITS` that is named; the index goes to `workdir`.

    Labels are ImageNet-1k's class numbers, 0 to 999. Raises UnsupportedError where a package is
    not installed, DataError where one does not hold the photos that it should.
    """
    uri = f"{SCHEME}:{DATASET}" + (f"?split={split}" if split else "")
    require(uri, PACKAGES)
    photos = {"calibration": _unlabelled, "test": _labelled}
    return DataManifest.model_validate(
        {
            "uri": uri,
            "kind": "images",
            "splits": {
                name: write_split(_index(photos[name]()), workdir)
                for name in SPLITS
                if split in {None, name}
            },
            "licence": LICENCE,
            "notes": () if split == "calibration" else (_NOTE,),
        }
    )


def _index(photos: Sequence[Photo]) -> Index:
    root = Path(os.path.commonpath([file.parent for file, _ in photos]))
    entries = tuple((file.relative_to(root).as_posix(), label) for file, label in photos)
    # The labels are numbers of the model's own classes, whose order nobody may sort anew.
    return Index(root, entries, class_order="given")


def _labelled() -> list[Photo]:
    """Find foolbox's photos in the order of their names, which end in the label."""
    folder = folder_of("foolbox") / "data"
    files = sorted(folder.glob("imagenet_*.jpg"))
    found = [(file, _LABELLED.fullmatch(file.stem)) for file in files]
    photos: list[Photo] = [(file, int(match[1])) for file, match in found if match]
    if len(photos) != _TESTED:
        raise DataError(
            f"{folder} holds {len(photos)} labelled ImageNet photos where {_TESTED} are known;"
            " install foolbox 3.3"
        )
    return photos


def _unlabelled() -> list[Photo]:
    files = [folder_of(package) / name for package, names in _CALIBRATION.items() for name in names]
    lost = [file for file in files if not file.is_file()]
    if lost:
        raise DataError(f"{len(lost)} photos are missing, such as {lost[0]}; reinstall its package")
    return [(file, None) for file in files]
