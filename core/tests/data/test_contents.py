from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boildown.data import array_digests
from boildown.data.local import local_dataset
from boildown.data.manifest import DataManifest, Take
from boildown.data.preprocessing import Preprocessing
from boildown.data.splits import assemble, check_overlap, data_digest, probe
from boildown.errors import DataError

WriteImage = Callable[..., Path]


def opened(path: str | Path, workdir: Path) -> DataManifest:
    """Return a dataset with preprocessing, its indices below `workdir`."""
    manifest = local_dataset(str(path), workdir / "work")
    assert manifest is not None
    return manifest.model_copy(update={"preprocessing": Preprocessing()})


@pytest.mark.parametrize("name", ["digits.npz", "pets"])
def test_splits_that_share_nothing_pass(
    tmp_path: Path, digits: Path, pets: Path, name: str
) -> None:
    check_overlap(assemble(opened(tmp_path / name, tmp_path), calibrate=2).manifest)


def test_arrays_in_two_splits_are_counted_and_one_pair_is_named(
    digits: Path, tmp_path: Path
) -> None:
    named = dict(np.load(digits))
    named["test_x"][[3, 5]] = named["train_x"][[30, 31]]
    np.savez(digits, **named)
    told = r"2 different samples of train .*sample 3\d of train_x .* of test_x"
    with pytest.raises(DataError, match=told):
        check_overlap(opened(digits, tmp_path))


def test_an_image_in_two_splits_is_found_under_any_name(pets: Path, tmp_path: Path) -> None:
    (pets / "test/dog/copy.png").write_bytes((pets / "train/cat/1.png").read_bytes())
    with pytest.raises(DataError, match=r"a sample of .*cat/1\.png.*dog/copy\.png"):
        check_overlap(opened(pets, tmp_path))


def test_a_sample_twice_in_test_must_not_calibrate_and_test(tmp_path: Path) -> None:
    images = np.repeat(np.arange(8, dtype=np.uint8), 64).reshape(8, 1, 8, 8)
    np.savez(tmp_path / "a.npz", x=np.concatenate([images, images]))
    done = assemble(opened(tmp_path / "a.npz", tmp_path), calibrate=8)
    with pytest.raises(DataError, match="of calibration stand in test too"):
        check_overlap(done.manifest)


def test_a_sample_twice_in_train_may_calibrate_and_train(tmp_path: Path) -> None:
    images = np.repeat(np.arange(9, dtype=np.uint8), 64).reshape(9, 1, 8, 8)
    np.savez(tmp_path / "a.npz", train_x=np.concatenate([images[1:], images[1:]]), x=images[:1])
    check_overlap(assemble(opened(tmp_path / "a.npz", tmp_path), calibrate=8).manifest)


def test_a_calibration_split_of_its_own_shares_nothing_with_train(tmp_path: Path) -> None:
    images = np.repeat(np.arange(3, dtype=np.uint8), 64).reshape(3, 1, 8, 8)
    np.savez(tmp_path / "a.npz", train_x=images[:2], calibration_x=images[1:2], x=images[2:])
    with pytest.raises(DataError, match="a sample of"):
        check_overlap(opened(tmp_path / "a.npz", tmp_path))


@pytest.mark.parametrize("name", ["digits.npz", "pets"])
def test_progress_ends_at_the_number_of_samples_of_each_split(
    tmp_path: Path, digits: Path, pets: Path, name: str
) -> None:
    told: list[tuple[int, int]] = []
    manifest = opened(tmp_path / name, tmp_path)
    check_overlap(manifest, lambda done, total: told.append((done, total)))
    assert [done for done, total in told if done == total] == [
        len(split) for split in manifest.splits.values()
    ]


def test_the_digest_is_the_same_wherever_the_data_lie(digits: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere.npz"
    moved.write_bytes(digits.read_bytes())
    digest = data_digest(opened(digits, tmp_path))
    assert data_digest(opened(moved, tmp_path)) == digest
    assert len(digest) == 64


def test_one_changed_calibration_pixel_changes_the_digest(digits: Path, tmp_path: Path) -> None:
    before = data_digest(opened(digits, tmp_path))
    named = dict(np.load(digits))
    named["train_x"][7, 0, 0, 0] ^= 1
    np.savez(digits, **named)
    assert data_digest(opened(digits, tmp_path)) != before


def test_one_changed_image_changes_the_digest(
    pets: Path, tmp_path: Path, write_image: WriteImage
) -> None:
    manifest = opened(pets, tmp_path)
    before = data_digest(manifest)
    assert data_digest(manifest) == before
    write_image("pets/train/cat/0.png", seed=99)
    assert data_digest(manifest) != before


@pytest.mark.parametrize(
    "change", [{"labelled": False}, {"take": Take(stop=19)}, {"take": Take(seed=1, stop=20)}]
)
def test_what_a_split_yields_changes_the_digest(
    digits: Path, tmp_path: Path, change: dict[str, Any]
) -> None:
    manifest = opened(digits, tmp_path)
    split = manifest.splits["test"].model_copy(update=change)
    other = manifest.model_copy(update={"splits": {**manifest.splits, "test": split}})
    assert data_digest(other) != data_digest(manifest)


@pytest.mark.parametrize("preprocessing", [None, Preprocessing(pad=1)])
def test_preprocessing_changes_the_digest(
    digits: Path, tmp_path: Path, preprocessing: Preprocessing | None
) -> None:
    manifest = opened(digits, tmp_path)
    other = manifest.model_copy(update={"preprocessing": preprocessing})
    assert data_digest(other) != data_digest(manifest)


def test_a_label_changes_the_digest(digits: Path, tmp_path: Path) -> None:
    before = data_digest(opened(digits, tmp_path))
    named = dict(np.load(digits))
    named["test_y"][0] += 1
    np.savez(digits, **named)
    assert data_digest(opened(digits, tmp_path)) != before


def test_samples_for_another_input_are_other_data(digits: Path, tmp_path: Path) -> None:
    manifest = opened(digits, tmp_path)
    split = manifest.splits["test"].model_copy(update={"inputs": {"other": "test_x"}})
    renamed = manifest.model_copy(update={"splits": {**manifest.splits, "test": split}})
    assert data_digest(renamed) != data_digest(manifest)


def test_a_change_to_one_split_of_a_file_leaves_the_digest_of_another(
    digits: Path, tmp_path: Path
) -> None:
    def of_train() -> str:
        manifest = opened(digits, tmp_path)
        splits = {"train": manifest.splits["train"]}
        return data_digest(manifest.model_copy(update={"splits": splits}))

    before, named = of_train(), dict(np.load(digits))
    named["test_x"][0, 0, 0, 0] ^= 1
    np.savez(digits, **named)
    assert of_train() == before


def test_data_are_not_unpacked_to_name_them(
    digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = opened(digits, tmp_path)
    plain = data_digest(manifest)
    monkeypatch.delattr(array_digests, "array_of")
    assert data_digest(manifest) == plain


def test_data_of_a_file_that_is_damaged_have_no_digest(digits: Path, tmp_path: Path) -> None:
    manifest = opened(digits, tmp_path)
    digits.write_bytes(digits.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"digits\.npz is not an \.npz file"):
        data_digest(manifest)


def test_the_same_samples_as_another_type_are_other_data(tmp_path: Path) -> None:
    for name, dtype in (("a", np.uint8), ("b", np.int8)):
        np.savez(tmp_path / f"{name}.npz", x=np.ones((2, 4), dtype))
    one, other = (data_digest(opened(tmp_path / f"{name}.npz", tmp_path)) for name in "ab")
    assert one != other


def test_an_image_that_vanished_is_named(pets: Path, tmp_path: Path) -> None:
    manifest = opened(pets, tmp_path)
    (pets / "test/cat/0.png").unlink()
    with pytest.raises(DataError, match=r"cat/0\.png cannot be read"):
        data_digest(manifest)


def test_a_probe_reads_the_first_image_of_every_class(pets: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    (pets / "test/cat/1.png").write_bytes(b"broken, but not the first")
    probe(opened(pets, tmp_path), lambda done, total: told.append((done, total)))
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_a_probe_names_every_broken_first_image(pets: Path, tmp_path: Path) -> None:
    (pets / "test/cat/0.png").write_bytes(b"broken")
    (pets / "train/dog/0.png").write_bytes(b"broken")
    with pytest.raises(DataError, match=r"train/dog/0\.png(.|\n)*test/cat/0\.png"):
        probe(opened(pets, tmp_path))


def test_a_probe_reads_one_sample_of_unlabelled_data(
    tmp_path: Path, write_image: WriteImage
) -> None:
    write_image("flat/0.png").write_bytes(b"broken")
    write_image("flat/1.png")
    with pytest.raises(DataError, match=r"flat/0\.png"):
        probe(opened(tmp_path / "flat", tmp_path))


def test_a_probe_leaves_arrays_to_the_check_that_reads_them_all(
    digits: Path, tmp_path: Path
) -> None:
    manifest = opened(digits, tmp_path)
    content = bytearray(digits.read_bytes())
    content[700] ^= 1
    digits.write_bytes(content)
    probe(manifest)
    with pytest.raises(DataError, match=r"Bad CRC-32"):
        check_overlap(manifest)
