from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from boildown.data.class_matching import fit_labels
from boildown.data.index import read_index
from boildown.data.local import local_dataset
from boildown.data.manifest import DataManifest
from boildown.errors import DataError

WriteImage = Callable[..., Path]


@pytest.fixture
def cats_and_dogs(tmp_path: Path, pets: Path) -> DataManifest:
    """Return the pets as a dataset with the classes cat and dog."""
    manifest = local_dataset(f"images:{pets}", tmp_path / "work")
    assert manifest is not None
    return manifest


def labels_of(manifest: DataManifest) -> dict[str, int | None]:
    """Return path -> label of the test split."""
    return dict(read_index(manifest.splits["test"].path).entries)


def test_folders_take_the_numbers_of_the_model(cats_and_dogs: DataManifest, tmp_path: Path) -> None:
    fitted = fit_labels(cats_and_dogs, ("Bird", "DOG", " Cat"), tmp_path)
    assert labels_of(fitted)["test/cat/0.png"] == 2
    assert labels_of(fitted)["test/dog/0.png"] == 1
    assert fitted.classes == ("Bird", "DOG", " Cat")


def test_fitting_twice_changes_nothing_more(cats_and_dogs: DataManifest, tmp_path: Path) -> None:
    once = fit_labels(cats_and_dogs, ("dog", "cat"), tmp_path)
    assert fit_labels(once, ("dog", "cat"), tmp_path) == once


@pytest.mark.parametrize("labels", [(), ("cat", "dog")])
def test_labels_that_say_nothing_new_change_nothing(
    cats_and_dogs: DataManifest, tmp_path: Path, labels: tuple[str, ...]
) -> None:
    assert fit_labels(cats_and_dogs, labels, tmp_path) is cats_and_dogs


def test_names_without_any_match_keep_their_order_with_a_note(
    cats_and_dogs: DataManifest, tmp_path: Path
) -> None:
    fitted = fit_labels(cats_and_dogs, ("tench", "goldfish"), tmp_path)
    assert labels_of(fitted) == labels_of(cats_and_dogs)
    assert "matched in sorted order (cat is tench" in fitted.notes[0]


def test_a_name_that_the_model_lacks_is_told_with_the_nearest(
    cats_and_dogs: DataManifest, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"1 of 2 classes.*: dog .nearest to 'dog': 'dogs'"):
        fit_labels(cats_and_dogs, ("dogs", "cat"), tmp_path)


def test_a_name_that_two_classes_share_matches_neither(
    cats_and_dogs: DataManifest, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"are not among the 3 class names"):
        fit_labels(cats_and_dogs, ("dog", "cat", "Cat"), tmp_path)


def test_an_order_that_the_user_gave_is_kept(pets: Path, tmp_path: Path) -> None:
    (pets / "c.txt").write_text("dog\ncat\n")
    given = local_dataset(f"images:{pets}?classes=c.txt", tmp_path / "work")
    assert given is not None
    assert fit_labels(given, ("x", "cat", "dog"), tmp_path) is given


def test_arrays_in_another_order_than_the_model_are_refused(digits: Path, tmp_path: Path) -> None:
    arrays = local_dataset(f"npz:{digits}", tmp_path)
    assert arrays is not None
    named = arrays.model_copy(update={"classes": ("cat", "dog")})
    assert fit_labels(named, ("Cat", "Dog", "Fox"), tmp_path) is named
    with pytest.raises(DataError, match=r"renumber the labels so that 0 is 'dog'"):
        fit_labels(named, ("dog", "cat"), tmp_path)


def test_unlabelled_images_stay_unlabelled(
    tmp_path: Path, pets: Path, write_image: WriteImage
) -> None:
    write_image("pets/calibration/0.png")
    manifest = local_dataset(f"images:{pets}", tmp_path / "work")
    assert manifest is not None
    fitted = fit_labels(manifest, ("dog", "cat"), tmp_path / "work")
    assert read_index(fitted.splits["calibration"].path).entries == (("calibration/0.png", None),)
