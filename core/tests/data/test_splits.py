from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boildown.data.local import local_dataset
from boildown.data.manifest import DataManifest, Take
from boildown.data.samples import yielded
from boildown.data.splits import Assembled, assemble
from boildown.errors import DataError

WriteImage = Callable[..., Path]


def opened(uri: str | Path, workdir: Path) -> DataManifest:
    """Return a dataset as its source gives it."""
    manifest = local_dataset(str(uri), workdir / "work")
    assert manifest is not None
    return manifest


def counts(assembled: Assembled) -> dict[str, int]:
    """Return the number of samples of each split."""
    return {name: len(split) for name, split in assembled.manifest.splits.items()}


def codes(assembled: Assembled) -> list[str]:
    """Return the codes of all notes."""
    return [note.code for note in assembled.notes]


def test_calibration_leaves_train_and_test_stays_whole(digits: Path, tmp_path: Path) -> None:
    done = assemble(opened(digits, tmp_path), calibrate=10)
    assert counts(done) == {"train": 30, "calibration": 10, "test": 20}
    assert done.notes == ()
    train, calibration = (yielded(done.manifest.splits[name]) for name in ("train", "calibration"))
    assert sorted([*train, *calibration]) == list(range(40))


def test_the_seed_draws_the_calibration_samples(digits: Path, tmp_path: Path) -> None:
    drawn = [
        yielded(
            assemble(opened(digits, tmp_path), calibrate=10, seed=seed).manifest.splits[
                "calibration"
            ]
        ).tolist()
        for seed in (0, 0, 1)
    ]
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0] != list(range(10))


def test_without_train_calibration_leaves_test_and_both_counts_are_told(
    digits: Path, tmp_path: Path
) -> None:
    done = assemble(opened(f"npz:{digits}?split=test", tmp_path), calibrate=6)
    assert counts(done) == {"calibration": 6, "test": 14}
    calibration, test = (yielded(done.manifest.splits[name]) for name in ("calibration", "test"))
    assert not set(calibration) & set(test)
    assert codes(done) == ["CALIBRATED_ON_TEST"]
    assert "6 of 20 test samples calibrate and the other 14 test" in done.notes[0].text


def test_at_most_half_of_test_calibrates(digits: Path, tmp_path: Path) -> None:
    done = assemble(opened(f"npz:{digits}?split=test", tmp_path), calibrate=256)
    assert counts(done) == {"calibration": 10, "test": 10}
    assert "10 samples calibrate, half of the test samples, where 256" in done.notes[1].text


def test_samples_limit_test_to_the_first_ones(digits: Path, tmp_path: Path) -> None:
    done = assemble(opened(digits, tmp_path), calibrate=10, samples=8)
    assert yielded(done.manifest.splits["test"]).tolist() == list(range(8))


def test_samples_never_reach_into_calibration(digits: Path, tmp_path: Path) -> None:
    whole, part = (
        assemble(
            opened(f"npz:{digits}?split=test", tmp_path), calibrate=6, samples=samples
        ).manifest
        for samples in (None, 8)
    )
    assert part.splits["calibration"] == whole.splits["calibration"]
    assert np.array_equal(yielded(part.splits["test"]), yielded(whole.splits["test"])[:8])


def test_more_samples_than_there_are_is_told(digits: Path, tmp_path: Path) -> None:
    done = assemble(opened(digits, tmp_path), calibrate=10, samples=99)
    assert counts(done)["test"] == 20
    assert "99 test samples were asked for and 20 are there" in done.notes[0].text
    assert assemble(opened(digits, tmp_path), calibrate=10, samples=20).notes == ()


def test_no_samples_are_refused(digits: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="0 test samples were asked for"):
        assemble(opened(digits, tmp_path), calibrate=10, samples=0)


def test_first_samples_that_lack_classes_are_told(digits: Path, tmp_path: Path) -> None:
    done = assemble(opened(digits, tmp_path), calibrate=10, samples=3)
    assert "first 3 test samples are of 3 classes; all are of 4" in done.notes[0].text


def test_unlabelled_data_are_limited_without_a_word_on_classes(
    digits: Path, tmp_path: Path
) -> None:
    images = np.load(digits)
    np.savez(tmp_path / "b.npz", train_x=images["train_x"], test_x=images["test_x"])
    assert assemble(opened(tmp_path / "b.npz", tmp_path), calibrate=4, samples=3).notes == ()


def test_first_images_hold_every_class(pets: Path, tmp_path: Path) -> None:
    assert assemble(opened(pets, tmp_path), calibrate=2, samples=2).notes == ()


def test_no_calibration_where_none_is_needed(digits: Path, tmp_path: Path) -> None:
    done = assemble(opened(digits, tmp_path), calibrate=0)
    assert counts(done) == {"train": 40, "test": 20}
    again = assemble(with_calibration(digits, tmp_path), calibrate=0)
    assert counts(again) == {"train": 40, "test": 20}


def with_calibration(digits: Path, folder: Path) -> DataManifest:
    """Return the digits with a calibration split of 12 samples."""
    named = dict(np.load(digits))
    rng = np.random.default_rng(9)
    named["calibration_x"] = rng.integers(0, 256, (12, 1, 8, 8), dtype=np.uint8)
    np.savez(folder / "with.npz", **named)
    return opened(folder / "with.npz", folder)


def test_a_calibration_split_of_its_own_is_used(digits: Path, tmp_path: Path) -> None:
    assert counts(assemble(with_calibration(digits, tmp_path), calibrate=5)) == {
        "train": 40, "calibration": 5, "test": 20,
    }  # fmt: skip
    done = assemble(with_calibration(digits, tmp_path), calibrate=99)
    assert counts(done)["calibration"] == 12
    assert "12 samples calibrate, all that the calibration split holds" in done.notes[0].text


def test_a_small_train_split_calibrates_as_a_whole_and_that_is_told(
    digits: Path, tmp_path: Path
) -> None:
    done = assemble(opened(digits, tmp_path), calibrate=50)
    assert counts(done) == {"calibration": 40, "test": 20}
    assert "so none train; lower `calibrate`" in done.notes[0].text
    assert "40 samples calibrate, all that train holds, where 50" in done.notes[1].text


def test_roles_may_come_from_different_datasets(digits: Path, tmp_path: Path) -> None:
    train = opened(f"npz:{digits}?split=train", tmp_path)
    np.savez(tmp_path / "b.npz", x=np.zeros((3, 1, 8, 8), np.uint8))
    test = opened(tmp_path / "b.npz", tmp_path)
    done = assemble({"train": train, "test": test}, calibrate=10)
    assert counts(done) == {"train": 30, "calibration": 10, "test": 3}
    assert done.manifest.uri == f"{train.uri} + {test.uri}"


def test_a_dataset_of_one_split_takes_any_role(digits: Path, tmp_path: Path) -> None:
    both = opened(digits, tmp_path)
    only_test = opened(f"npz:{digits}?split=test", tmp_path)
    done = assemble({"train": only_test, "test": both}, calibrate=4)
    assert counts(done) == {"train": 16, "calibration": 4, "test": 20}
    assert done.manifest.splits["train"].inputs == {"*": "test_x"}


def test_a_dataset_of_several_splits_without_the_role_is_refused(
    digits: Path, tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"no calibration split \(its splits: train, test\)"):
        assemble({"calibration": opened(digits, tmp_path)}, calibrate=4)


@pytest.mark.parametrize("roles", [{}, {"train": "npz:{digits}?split=train"}])
def test_data_without_test_samples_are_refused(
    digits: Path, tmp_path: Path, roles: dict[Any, str]
) -> None:
    provided = {name: opened(uri.format(digits=digits), tmp_path) for name, uri in roles.items()}
    with pytest.raises(DataError, match="has no test samples"):
        assemble(provided, calibrate=4)


def test_one_test_sample_cannot_both_calibrate_and_test(tmp_path: Path) -> None:
    np.savez(tmp_path / "b.npz", x=np.zeros((1, 1, 8, 8), np.uint8))
    with pytest.raises(DataError, match="has only 1 in test; name more"):
        assemble(opened(tmp_path / "b.npz", tmp_path), calibrate=4)


def test_images_and_arrays_in_one_run_are_refused(digits: Path, pets: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="must be of one kind"):
        assemble({"train": opened(digits, tmp_path), "test": opened(pets, tmp_path)}, calibrate=4)


def test_datasets_with_different_classes_are_refused(
    pets: Path, tmp_path: Path, write_image: WriteImage
) -> None:
    write_image("more/bird/0.png")
    write_image("more/cat/0.png")
    roles: Any = {"train": opened(tmp_path / "more", tmp_path), "test": opened(pets, tmp_path)}
    with pytest.raises(DataError, match=r"different classes \(bird, dog\)"):
        assemble(roles, calibrate=1)


def test_notes_of_the_sources_are_passed_on_once(pets: Path, tmp_path: Path) -> None:
    (pets / "test/cat/notes.txt").write_text("")
    done = assemble(opened(pets, tmp_path), calibrate=2)
    assert [note.text for note in done.notes if "other files" in note.text] == [done.notes[0].text]
    assert done.manifest.notes == ()
    assert done.manifest.classes == ("cat", "dog")


@pytest.mark.parametrize("seed", [None, 7])
def test_a_slice_of_a_slice_stays_inside_it(digits: Path, tmp_path: Path, seed: int | None) -> None:
    manifest = opened(f"npz:{digits}?split=test", tmp_path)
    take = Take(seed=seed, start=4, stop=14)
    split = manifest.splits["test"].model_copy(update={"take": take})
    done = assemble(manifest.model_copy(update={"splits": {"test": split}}), calibrate=3, samples=5)
    parts = [yielded(done.manifest.splits[name]).tolist() for name in ("calibration", "test")]
    assert [*parts[0], *parts[1]] == yielded(split).tolist()[:8]
