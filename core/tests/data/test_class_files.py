from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from boildown.data.class_files import read_classes, read_labels
from boildown.data.index import read_index
from boildown.data.local import local_dataset
from boildown.errors import BoildownError, DataError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

WriteImage = Callable[..., Path]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Return the path of a table that a test fills."""
    return tmp_path / "labels.csv"


def labels_of(folder: Path, query: str) -> dict[str, int | None]:
    """Return path -> label of the test split of a folder."""
    manifest = local_dataset(f"images:{folder}?{query}", folder.parent / "work")
    assert manifest is not None
    return dict(read_index(manifest.splits["test"].path).entries)


def test_classes_stand_in_the_order_of_the_lines(tmp_path: Path) -> None:
    (tmp_path / "c").write_text("\ufeffdog\n\n  cat  \n", encoding="utf-8")
    assert read_classes(tmp_path / "c") == ("dog", "cat")


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"a\nb\na\n", "names a twice"), (b"\n \n", "names no class"), (b"\xff", "not UTF-8")],
)
def test_a_classes_file_with_mistakes_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "c").write_bytes(content)
    with pytest.raises(DataError, match=why):
        read_classes(tmp_path / "c")


def test_a_classes_file_gives_the_labels_of_folders(pets: Path) -> None:
    (pets / "classes.txt").write_text("bird\ndog\ncat\n")
    labels = labels_of(pets, "classes=classes.txt")
    assert (labels["test/cat/0.png"], labels["test/dog/0.png"]) == (2, 1)


def test_a_folder_that_the_classes_file_lacks_is_named(pets: Path) -> None:
    (pets / "classes.txt").write_text("cat\n")
    with pytest.raises(DataError, match=r"1 folders that the classes file does not name: dog"):
        labels_of(pets, "classes=classes.txt")


def test_a_missing_file_of_classes_or_labels_is_named(pets: Path) -> None:
    for what in ("classes", "labels"):
        with pytest.raises(DataError, match=f"file of {what} .*gone.txt cannot be read"):
            labels_of(pets, f"{what}=gone.txt")


def test_a_table_labels_images_by_number(pets: Path) -> None:
    (pets / "l.csv").write_text("path,label\ntest/cat/0.png,7\ntest/dog/1.png, 3\n")
    assert labels_of(pets, "labels=l.csv") == {"test/cat/0.png": 7, "test/dog/1.png": 3}


def test_a_table_labels_a_flat_folder_by_name(tmp_path: Path, write_image: WriteImage) -> None:
    for name in ("a", "b", "c"):
        write_image(f"flat/{name}.png")
    (tmp_path / "flat/l.csv").write_text('a.png,zebra\n"b.png",ant\n')
    manifest = local_dataset(f"images:{tmp_path / 'flat'}?labels=l.csv", tmp_path / "work")
    assert manifest is not None
    assert manifest.classes == ("ant", "zebra")
    assert "1 images of" in manifest.notes[0]
    assert read_index(manifest.splits["test"].path).entries == (("b.png", 0), ("a.png", 1))


def test_val_is_left_out_of_a_table_too_where_test_is_there(
    tmp_path: Path, write_image: WriteImage
) -> None:
    lines = []
    for folder, count in (("train", 2), ("val", 3), ("test", 4)):
        for number in range(count):
            write_image(f"set/{folder}/{number}.png")
            lines.append(f"{folder}/{number}.png,{number % 2}")
    (tmp_path / "set/l.csv").write_text("\n".join(lines))
    manifest = local_dataset(f"images:{tmp_path / 'set'}?labels=l.csv", tmp_path / "work")
    assert manifest is not None
    assert {name: len(split) for name, split in manifest.splits.items()} == {"train": 2, "test": 4}
    assert any("is not used, for" in note for note in manifest.notes)


def test_names_in_a_table_follow_the_classes_file(pets: Path) -> None:
    (pets / "l.csv").write_text("test/cat/0.png,cat\n")
    (pets / "c.txt").write_text("dog\ncat\n")
    assert labels_of(pets, "labels=l.csv&classes=c.txt") == {"test/cat/0.png": 1}


def test_numbers_in_a_table_pass_beside_a_classes_file(table: Path) -> None:
    table.write_text("a.png,1\n")
    assert read_labels(table, ("x", "y")) == ([("a.png", 1)], ("x", "y"))


def test_a_class_that_is_called_by_a_number_keeps_its_place(table: Path) -> None:
    table.write_text("a.png,7\n")
    assert read_labels(table, ("9", "8", "7")) == ([("a.png", 2)], ("9", "8", "7"))


def test_all_mistakes_of_a_table_are_told_with_their_lines(table: Path) -> None:
    table.write_text("a.png,1\nb.png\n../c.png,1\n/d.png,1\na.png,2\n,3\n")
    with pytest.raises(DataError) as caught:
        read_labels(table, ())
    told = str(caught.value).splitlines()[1:]
    assert [line.split(":")[0] for line in told] == [
        "line 2",
        "line 3",
        "line 4",
        "line 5",
        "line 6",
    ]


def test_labels_that_are_no_class_are_told_with_the_nearest(table: Path) -> None:
    table.write_text("a.png,cat\nb.png,dgo\n" + "".join(f"{n}.png,2\n" for n in range(12)))
    with pytest.raises(DataError, match=r"line 2: 'dgo'.*did you mean 'dog'(.|\n)*and 3 more"):
        read_labels(table, ("cat", "dog"))


@pytest.mark.parametrize("content", ["", "path,label\n", "\n\n"])
def test_a_table_without_images_is_refused(table: Path, content: str) -> None:
    table.write_text(content)
    with pytest.raises(DataError, match=r"labels no image"):
        read_labels(table, ())


def test_a_table_that_is_no_csv_is_refused(table: Path) -> None:
    table.write_text("a" * 200_000)
    with pytest.raises(DataError, match=r"not a table"):
        read_labels(table, ())


def test_images_of_a_table_that_are_not_there_are_told(pets: Path) -> None:
    (pets / "l.csv").write_text("test/cat/0.png,1\ngone.png,1\n")
    with pytest.raises(DataError, match=r"1 images that are not there, such as gone\.png"):
        labels_of(pets, "labels=l.csv")


def test_an_image_outside_the_split_folders_is_refused(pets: Path, write_image: WriteImage) -> None:
    write_image("pets/a.png")
    (pets / "l.csv").write_text("a.png,1\n")
    with pytest.raises(DataError, match=r"lies in none of the split folders"):
        labels_of(pets, "labels=l.csv")


@given(content=st.text(max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_read_as_a_table_or_refused(table: Path, content: str) -> None:
    table.write_text(content, encoding="utf-8", errors="replace")
    try:
        rows, _ = read_labels(table, ())
    except BoildownError:
        return
    assert all(label >= 0 for _, label in rows)
