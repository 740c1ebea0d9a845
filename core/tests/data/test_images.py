from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from boildown.data.folders import find_images, sub_folders
from boildown.data.index import Index, interleaved, read_index, write_index
from boildown.data.local import local_dataset
from boildown.data.manifest import DataManifest
from boildown.errors import DataError, UriError

WriteImage = Callable[..., Path]


def dataset(tmp_path: Path, text: str) -> DataManifest:
    """Return the dataset of a URI with its indices below the test's folder."""
    manifest = local_dataset(text, tmp_path / "work")
    assert manifest is not None
    return manifest


def listed(manifest: DataManifest, split: str = "test") -> list[tuple[str, int | None]]:
    """Return the entries of a split's index."""
    return list(read_index(manifest.splits[split].path).entries)  # type: ignore[index]


def test_every_sub_folder_is_a_class_in_sorted_order(tmp_path: Path, pets: Path) -> None:
    manifest = dataset(tmp_path, f"images:{pets / 'test'}")
    assert manifest.classes == ("cat", "dog")
    assert manifest.kind == "images"
    assert listed(manifest) == [
        ("cat/0.png", 0), ("dog/0.png", 1), ("cat/1.png", 0), ("dog/1.png", 1), ("cat/2.png", 0),
    ]  # fmt: skip


def test_split_folders_become_splits(tmp_path: Path, pets: Path) -> None:
    manifest = dataset(tmp_path, f"images:{pets}")
    assert {name: len(split) for name, split in manifest.splits.items()} == {"train": 5, "test": 5}
    assert listed(manifest, "train")[0] == ("train/cat/0.png", 0)


def test_a_plain_path_is_a_folder_of_images_too(tmp_path: Path, pets: Path) -> None:
    assert dataset(tmp_path, str(pets)).splits == dataset(tmp_path, f"images:{pets}").splits


def test_one_split_can_be_picked(tmp_path: Path, pets: Path) -> None:
    assert list(dataset(tmp_path, f"images:{pets}?split=train").splits) == ["train"]


def test_a_split_that_is_not_there_is_refused(tmp_path: Path, pets: Path) -> None:
    with pytest.raises(DataError, match=r"no split calibration; it has"):
        dataset(tmp_path, f"images:{pets}?split=calibration")
    with pytest.raises(UriError, match=r"no split is called 'tset'"):
        dataset(tmp_path, f"images:{pets}?split=tset")


def test_val_is_the_test_split(tmp_path: Path, pets: Path) -> None:
    (pets / "test").rename(pets / "val")
    assert listed(dataset(tmp_path, f"images:{pets}"))[0] == ("val/cat/0.png", 0)


def test_val_beside_test_is_left_out_and_told(
    tmp_path: Path, pets: Path, write_image: WriteImage
) -> None:
    write_image("pets/val/cat/9.png")
    manifest = dataset(tmp_path, f"images:{pets}")
    assert "val is not used" in manifest.notes[0]
    assert len(manifest.splits["test"]) == 5


def test_a_class_that_one_split_lacks_shifts_no_label(
    tmp_path: Path, write_image: WriteImage
) -> None:
    for path in ("train/ant", "train/bee", "train/cow", "test/cow"):
        write_image(f"set/{path}/0.png")
    assert listed(dataset(tmp_path, f"images:{tmp_path / 'set'}")) == [("test/cow/0.png", 2)]


def test_classes_may_be_named_like_splits(tmp_path: Path, write_image: WriteImage) -> None:
    for name in ("bus", "train"):
        write_image(f"set/{name}/0.png")
    assert dataset(tmp_path, str(tmp_path / "set")).classes == ("bus", "train")


def test_splits_and_other_folders_side_by_side_are_refused(tmp_path: Path, pets: Path) -> None:
    (pets / "extra").mkdir()
    with pytest.raises(DataError, match=r"splits \(test, train\) and other folders \(extra\)"):
        dataset(tmp_path, f"images:{pets}")


def test_a_flat_folder_is_unlabelled(tmp_path: Path, write_image: WriteImage) -> None:
    for number in range(3):
        write_image(f"flat/{number}.png")
    split = dataset(tmp_path, f"images:{tmp_path / 'flat'}").splits["test"]
    assert (len(split), split.labelled) == (3, False)


def test_suffixes_count_in_any_case_and_folders_of_a_class_are_searched_deeply(
    tmp_path: Path,
    write_image: WriteImage,
) -> None:
    write_image("set/ant/deep/er/0.PNG")
    assert listed(dataset(tmp_path, str(tmp_path / "set"))) == [("ant/deep/er/0.PNG", 0)]


def test_other_files_are_counted_and_hidden_ones_are_not(tmp_path: Path, pets: Path) -> None:
    for name in ("test/cat/notes.txt", "test/Thumbs.db", "test/cat/.hidden.png", "test/.DS_Store"):
        (pets / name).write_bytes(b"")
    (pets / "test/.cache").mkdir()
    manifest = dataset(tmp_path, f"images:{pets}")
    assert len(manifest.splits["test"]) == 5
    assert "2 other files" in manifest.notes[0]
    assert "Thumbs.db" in manifest.notes[0]


def test_images_beside_class_folders_are_told(
    tmp_path: Path, pets: Path, write_image: WriteImage
) -> None:
    write_image("pets/test/stray.png")
    assert "1 other files" in dataset(tmp_path, f"images:{pets}").notes[0]


def test_names_with_spaces_and_letters_of_any_language_work(
    tmp_path: Path, write_image: WriteImage
) -> None:
    write_image("meine Äpfel/süß und sauer/写真 1.png")
    manifest = dataset(tmp_path, f"images:{tmp_path / 'meine Äpfel'}")
    assert listed(manifest) == [("süß und sauer/写真 1.png", 0)]


def test_links_to_images_and_folders_are_followed_and_circles_end(
    tmp_path: Path,
    pets: Path,
    write_image: WriteImage,
) -> None:
    outside = write_image("elsewhere/far.png")
    (pets / "test/cat/far.png").symlink_to(outside)
    (pets / "test/cat/circle").symlink_to(pets / "test/cat")
    assert len(dataset(tmp_path, f"images:{pets}").splits["test"]) == 6


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere does not exist"):
        dataset(tmp_path, f"images:{tmp_path / 'nowhere'}")


def test_a_file_is_no_folder(tmp_path: Path, digits: Path) -> None:
    with pytest.raises(DataError, match=r"is a file, not a folder"):
        dataset(tmp_path, f"images:{digits}")


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=r"empty holds no images; boildown reads jpg"):
        dataset(tmp_path, f"images:{tmp_path / 'empty'}")


def test_empty_class_folders_are_all_named(tmp_path: Path, pets: Path) -> None:
    for name in ("ant", "bee"):
        (pets / "test" / name).mkdir()
    with pytest.raises(DataError, match=r"2 class folders of .*test hold no images: ant, bee"):
        dataset(tmp_path, f"images:{pets}")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, pets: Path) -> None:
    (pets / "test/cat").chmod(0)
    with pytest.raises(DataError, match=r"cannot be read"):
        dataset(tmp_path, f"images:{pets}")
    (pets / "test/cat").chmod(0o700)


def test_a_folder_that_vanishes_meanwhile_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone cannot be read"):
        sub_folders(tmp_path / "gone")
    with pytest.raises(DataError, match=r"gone cannot be read"):
        find_images(tmp_path / "gone")


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path, pets: Path) -> None:
    Path(os.fsdecode(os.fsencode(pets / "test/cat/") + b"/\xff.png")).write_bytes(b"")
    with pytest.raises(DataError, match=r"is not UTF-8; rename it"):
        dataset(tmp_path, f"images:{pets}")


def test_numbers_as_class_names_are_sorted_as_text_and_told(
    tmp_path: Path, write_image: WriteImage
) -> None:
    for name in ("2", "10", "1"):
        write_image(f"set/{name}/0.png")
    manifest = dataset(tmp_path, str(tmp_path / "set"))
    assert manifest.classes == ("1", "10", "2")
    assert "sorted as text (1, 10, 2" in manifest.notes[0]


@pytest.mark.parametrize("names", [("0", "1"), ("000", "001", "010")])
def test_numbers_that_sort_alike_either_way_need_no_note(
    tmp_path: Path,
    write_image: WriteImage,
    names: tuple[str, ...],
) -> None:
    for name in names:
        write_image(f"set/{name}/0.png")
    assert dataset(tmp_path, str(tmp_path / "set")).notes == ()


def test_an_unknown_word_in_the_query_is_refused(tmp_path: Path, pets: Path) -> None:
    with pytest.raises(UriError, match=r"did you mean 'labels'"):
        dataset(tmp_path, f"images:{pets}?label=a.csv")


def test_images_take_turns_by_class() -> None:
    entries = [("a", 0), ("b", 0), ("c", 0), ("d", 1), ("e", 2), ("f", 2)]
    assert [path for path, _ in interleaved(entries)] == ["a", "d", "e", "b", "f", "c"]


def test_the_same_folder_gives_the_same_index_and_another_one_another(
    tmp_path: Path,
    pets: Path,
    write_image: WriteImage,
) -> None:
    before = dataset(tmp_path, f"images:{pets}")
    assert dataset(tmp_path, f"images:{pets}") == before
    write_image("pets/test/cat/new.png")
    after = dataset(tmp_path, f"images:{pets}")
    assert after.splits["test"].path != before.splits["test"].path
    assert after.splits["train"] == before.splits["train"]


def test_an_index_comes_back_as_it_was_written(tmp_path: Path) -> None:
    index = Index(Path("/some where"), (("ä b.png", 0), ("c.png", 1)), ("x", "y"), "given")
    assert read_index(write_index(index, tmp_path)) == index


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", "nonsense", json.dumps({"boildown_index": 99}),
     '{"boildown_index": 1, "root": "/", "classes": [], "class_order": "sorted"}\n{}'],
)  # fmt: skip
def test_a_file_that_is_no_index_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.jsonl").write_text(content)
    with pytest.raises(DataError, match=r"not an image index"):
        read_index(tmp_path / "a.jsonl")


def test_a_missing_index_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"index .*gone.jsonl cannot be read"):
        read_index(tmp_path / "gone.jsonl")


def test_a_uri_of_a_plugin_is_none_of_the_core(tmp_path: Path) -> None:
    assert local_dataset("zoo:fashion-mnist", tmp_path) is None


@pytest.mark.parametrize("scheme", ["", "images:"])
def test_a_name_that_the_system_does_not_take_is_an_error(tmp_path: Path, scheme: str) -> None:
    with pytest.raises(DataError, match=r"x cannot be read: File name too long"):
        local_dataset(f"{scheme}{'x' * 300}", tmp_path)


@pytest.mark.parametrize(("name", "why"), [("gone", "is missing"), ("a.txt", "is neither")])
def test_a_path_to_nothing_usable_is_refused(tmp_path: Path, name: str, why: str) -> None:
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(DataError, match=f"{name} {why}.*write images:FOLDER"):
        local_dataset(str(tmp_path / name), tmp_path)
