from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boildown.data.augment import Augmentation
from boildown.data.batches import batches
from boildown.data.local import local_dataset
from boildown.data.manifest import DataManifest, Take
from boildown.data.preprocess import apply
from boildown.data.preprocessing import Preprocessing
from boildown.data.samples import shuffled
from boildown.errors import DataError
from PIL import Image

WriteImage = Callable[..., Path]
PLAIN = Preprocessing()


def opened(path: Path, preprocessing: Preprocessing | None = PLAIN) -> DataManifest:
    """Return a dataset with preprocessing, its indices beside it."""
    manifest = local_dataset(str(path), path.parent / "work")
    assert manifest is not None
    return manifest.model_copy(update={"preprocessing": preprocessing})


def whole(manifest: DataManifest, **settings: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return all images and labels of the test split, in batches of 6."""
    parts = list(batches(manifest, "test", 6, **settings))
    labels = [part.labels for part in parts if part.labels is not None]
    return np.concatenate([part.inputs["*"] for part in parts]), np.concatenate(labels)


def with_take(manifest: DataManifest, take: Take) -> DataManifest:
    """Return the manifest with a slice of its test split."""
    split = manifest.splits["test"].model_copy(update={"take": take})
    return manifest.model_copy(update={"splits": {"test": split}})


def test_arrays_come_preprocessed_in_the_order_of_the_file(digits: Path) -> None:
    images, labels = whole(opened(digits))
    raw = np.load(digits)
    assert np.array_equal(images, apply(raw["test_x"], Preprocessing()))
    assert np.array_equal(labels, raw["test_y"])
    assert labels.dtype == np.int64


def test_the_last_batch_may_be_shorter(digits: Path) -> None:
    sizes = [len(batch.inputs["*"]) for batch in batches(opened(digits), "test", 6)]
    assert sizes == [6, 6, 6, 2]


def test_a_limit_ends_early(digits: Path) -> None:
    assert len(whole(opened(digits), limit=7)[1]) == 7


def test_a_seed_shuffles_by_epoch_and_images_keep_their_labels(digits: Path) -> None:
    manifest = opened(digits)
    plain, labels = whole(manifest)
    first, again, other = (whole(manifest, seed=3, epoch=epoch) for epoch in (0, 0, 1))
    assert np.array_equal(first[0], again[0])
    assert not np.array_equal(first[0], other[0])
    order = [int(np.flatnonzero((plain == image).all((1, 2, 3)))[0]) for image in first[0]]
    assert sorted(order) == list(range(20))
    assert np.array_equal(labels[order], first[1])


def test_images_are_decoded_in_the_order_of_the_index(pets: Path) -> None:
    images, labels = whole(opened(pets / "test"))
    first = np.asarray(Image.open(pets / "test/cat/0.png"), np.float32) / 255
    assert images.shape == (5, 3, 8, 8)
    assert np.abs(images[0] - first.transpose(2, 0, 1)).max() < 1e-6
    assert labels.tolist() == [0, 1, 0, 1, 0]


def test_unlabelled_images_come_without_labels(tmp_path: Path, write_image: WriteImage) -> None:
    write_image("flat/a.png")
    assert next(batches(opened(tmp_path / "flat"), "test", 4)).labels is None


def test_a_slice_without_a_seed_keeps_the_order_of_the_file(digits: Path) -> None:
    manifest = opened(digits)
    part, labels = whole(with_take(manifest, Take(start=3, stop=8)))
    assert np.array_equal(part, whole(manifest)[0][3:8])
    assert labels.tolist() == [3, 0, 1, 2, 3]


def test_two_slices_of_one_seed_share_nothing_and_together_are_all(digits: Path) -> None:
    manifest = opened(digits)
    parts = [
        whole(with_take(manifest, Take(seed=5, start=start, stop=stop)))[0]
        for start, stop in ((0, 8), (8, 20))
    ]
    both = {image.tobytes() for part in parts for image in part}
    assert both == {image.tobytes() for image in whole(manifest)[0]}


@pytest.mark.parametrize(("start", "stop"), [(0, 21), (5, 4)])
def test_a_slice_outside_the_file_is_refused(digits: Path, start: int, stop: int) -> None:
    with pytest.raises(DataError, match=r"which holds 20 samples"):
        whole(with_take(opened(digits), Take(start=start, stop=stop)))


def test_arrays_of_numbers_reach_the_model_as_they_are(tmp_path: Path) -> None:
    named: dict[str, Any] = {
        "test_x.ids": np.arange(6).reshape(3, 2),
        "test_x.mask": np.ones((3, 2), np.float32),
    }
    np.savez(tmp_path / "a.npz", **named)
    batch = next(batches(opened(tmp_path / "a.npz", None), "test", 2))
    assert np.array_equal(batch.inputs["ids"], [[0, 1], [2, 3]])
    assert batch.inputs["mask"].dtype == np.float32


@pytest.mark.parametrize("name", ["digits.npz", "pets/test"])
def test_images_without_preprocessing_are_refused(
    tmp_path: Path, digits: Path, pets: Path, name: str
) -> None:
    with pytest.raises(DataError, match=r"not bound to a model yet"):
        list(batches(opened(tmp_path / name, None), "test", 2))


def test_a_missing_split_and_an_empty_batch_are_refused_before_any_reading(digits: Path) -> None:
    with pytest.raises(DataError, match=r"no calibration samples \(its splits: train, test\)"):
        batches(opened(digits), "calibration", 2)
    with pytest.raises(DataError, match=r"batch of 0 samples"):
        batches(opened(digits), "test", 0)


def test_batches_before_a_broken_image_are_read_and_the_image_is_named(pets: Path) -> None:
    manifest = opened(pets / "test")
    (pets / "test/cat/1.png").write_bytes(b"broken")
    running = batches(manifest, "test", 2)
    next(running)
    with pytest.raises(DataError, match=r"cat/1\.png cannot be read"):
        next(running)


def test_images_of_different_sizes_are_refused_unless_resized(
    pets: Path, write_image: WriteImage
) -> None:
    write_image("pets/test/cat/1.png", height=9)
    with pytest.raises(DataError, match=r"cat/0\.png and .*cat/1\.png differ in size.*8.8 and 9.8"):
        list(batches(opened(pets / "test"), "test", 5))
    assert len(whole(opened(pets / "test", Preprocessing(resize=(6, 6))))[0]) == 5


def test_an_image_too_small_for_the_crop_is_named(pets: Path) -> None:
    with pytest.raises(DataError, match=r"cat/0\.png: the crop"):
        list(batches(opened(pets / "test", Preprocessing(crop=(9, 9))), "test", 5))


def test_a_file_that_became_another_is_refused(digits: Path) -> None:
    manifest = opened(digits)
    np.savez(digits, test_x=np.zeros((7, 1, 8, 8), np.uint8), test_y=np.arange(7))
    with pytest.raises(DataError, match=r"has 7 samples and had 20"):
        whole(manifest)


def test_labels_that_a_manifest_does_not_name_are_refused(digits: Path) -> None:
    manifest = opened(digits)
    split = manifest.splits["test"].model_copy(update={"labels": None})
    with pytest.raises(DataError, match=r"names no labels"):
        whole(manifest.model_copy(update={"splits": {"test": split}}))


def test_an_index_of_another_length_is_refused(pets: Path) -> None:
    manifest = opened(pets / "test")
    split = manifest.splits["test"].model_copy(update={"count": 4})
    with pytest.raises(DataError, match=r"lists 5 images, not 4"):
        whole(manifest.model_copy(update={"splits": {"test": split}}))


def test_augmented_images_depend_on_seed_and_epoch_but_not_on_the_batch_size(digits: Path) -> None:
    manifest = opened(digits)

    def images(size: int, epoch: int) -> np.ndarray:
        running = batches(manifest, "test", size, seed=1, epoch=epoch, augment=("flip", "shift"))
        return np.concatenate([batch.inputs["*"] for batch in running])

    assert np.array_equal(images(3, 0), images(20, 0))
    assert not np.array_equal(np.sort(images(20, 0), 0), np.sort(images(20, 1), 0))


def test_augmentation_happens_before_normalising(digits: Path) -> None:
    manifest = opened(digits, Preprocessing(resize=32, mean=(0.5,), std=(0.5,)))
    shifted = whole(manifest, augment=("shift",))[0]
    assert (shifted.min(), shifted.max()) == (-1, 1)


def test_numbers_cannot_be_augmented(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros((4, 3, 8, 8), np.float32))
    with pytest.raises(DataError, match=r"'x' .* is not uint8 pixels"):
        batches(opened(tmp_path / "a.npz"), "test", 2, augment=("flip",))


def test_image_folders_are_augmented_too(pets: Path) -> None:
    plain, flipped = (whole(opened(pets / "test"), augment=names)[0] for names in ((), ("flip",)))
    same = [np.array_equal(a, b) for a, b in zip(plain, flipped, strict=True)]
    mirrored = [np.array_equal(a, b[..., ::-1]) for a, b in zip(plain, flipped, strict=True)]
    assert all(a != b for a, b in zip(same, mirrored, strict=True))


def test_half_of_all_images_are_mirrored() -> None:
    pixels = np.broadcast_to(np.arange(4, dtype=np.uint8), (2000, 1, 2, 4))
    changed = Augmentation(["flip"], 2000, 0, 0).change(pixels, np.arange(2000))
    assert 0.45 < (changed[:, 0, 0, 0] == 3).mean() < 0.55


def test_shifts_reach_one_sixteenth_in_every_direction_and_fill_with_black() -> None:
    pixels = np.zeros((2000, 3, 32, 48), np.uint8)
    pixels[:, :, 16, 24] = 255
    changed = Augmentation(["shift"], 2000, 0, 0).change(pixels, np.arange(2000))
    _, _, rows, columns = np.nonzero(changed)
    assert sorted(set(rows - 16)) == [-2, -1, 0, 1, 2]
    assert sorted(set(columns - 24)) == [-3, -2, -1, 0, 1, 2, 3]
    assert changed.sum() == pixels.sum()


def test_images_smaller_than_a_step_stay_where_they_are() -> None:
    pixels = np.arange(64, dtype=np.uint8).reshape(1, 1, 8, 8)
    assert np.array_equal(Augmentation(["shift"], 1, 0, 0).change(pixels, np.arange(1)), pixels)


def test_the_shuffle_is_the_same_with_every_version_of_numpy() -> None:
    assert shuffled(8, 0).tolist() == [3, 2, 1, 6, 0, 7, 4, 5]
