from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boildown.data import npz_file
from boildown.data.local import local_dataset
from boildown.data.manifest import DataManifest
from boildown.data.npz_file import load_array, read_headers
from boildown.errors import BoildownError, DataError, UriError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

IMAGES = np.zeros((4, 8, 8), np.uint8)
LABELS = np.arange(4)


def dataset(folder: Path, query: str = "", **arrays: Any) -> DataManifest:
    """Write arrays and return them as a dataset."""
    np.savez(folder / "a.npz", **arrays)
    manifest = local_dataset(f"npz:{folder / 'a.npz'}{query}", folder)
    assert manifest is not None
    return manifest


def test_keys_become_splits(tmp_path: Path) -> None:
    manifest = dataset(
        tmp_path, train_x=IMAGES, train_y=LABELS, calibration_x=IMAGES, test_x=IMAGES, test_y=LABELS
    )
    assert set(manifest.splits) == {"train", "calibration", "test"}
    assert manifest.splits["test"].inputs == {"*": "test_x"}
    assert manifest.splits["test"].labels == "test_y"
    assert not manifest.splits["calibration"].labelled


@pytest.mark.parametrize("prefix", ["", "val_"])
def test_plain_and_val_keys_mean_test(tmp_path: Path, prefix: str) -> None:
    named: dict[str, Any] = {f"{prefix}x": IMAGES, f"{prefix}y": LABELS}
    split = dataset(tmp_path, **named).splits["test"]
    assert (len(split), split.inputs) == (4, {"*": f"{prefix}x"})


def test_several_inputs_are_named_in_the_keys(tmp_path: Path) -> None:
    named: dict[str, Any] = {
        "test_x.ids": np.zeros((4, 7), np.int64),
        "test_x.my.mask": np.zeros((4, 7)),
    }
    split = dataset(tmp_path, **named).splits["test"]
    assert split.inputs == {"ids": "test_x.ids", "my.mask": "test_x.my.mask"}


@pytest.mark.parametrize("y", [IMAGES, LABELS / 2, LABELS[:, None]])
def test_what_is_no_class_is_the_truth_of_the_only_output(tmp_path: Path, y: Any) -> None:
    split = dataset(tmp_path, x=IMAGES, y=y).splits["test"]
    assert (split.labels, split.labelled, split.truths) == (None, False, {"*": "y"})


def test_the_truth_of_several_outputs_is_named_in_the_keys(tmp_path: Path) -> None:
    named: dict[str, Any] = {"test_x": IMAGES, "test_y.depth": IMAGES, "test_y.angle": LABELS}
    split = dataset(tmp_path, **named).splits["test"]
    assert split.truths == {"depth": "test_y.depth", "angle": "test_y.angle"}
    assert split.labels is None


def test_one_split_can_be_picked(tmp_path: Path) -> None:
    assert list(dataset(tmp_path, "?split=train", train_x=IMAGES, x=IMAGES).splits) == ["train"]


def test_a_plain_path_to_an_npz_file_works(digits: Path) -> None:
    assert local_dataset(str(digits), digits.parent) is not None


def test_unknown_words_in_the_query_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UriError, match=r"unknown 'labels'"):
        dataset(tmp_path, "?labels=a", x=IMAGES)


def test_arrays_that_are_not_used_are_told(tmp_path: Path) -> None:
    note = dataset(tmp_path, x=IMAGES, test_X=IMAGES).notes[0]
    assert "not used: 'test_X'; did you mean 'test_x'?" in note


@pytest.mark.parametrize(
    ("arrays", "why"),
    [
        ({"foo": IMAGES}, r"holds no samples \(found: foo\); call the arrays test_x"),
        ({}, r"holds no samples \(found: nothing\)"),
        ({"x": IMAGES, "test_x": IMAGES}, "'test_x' and 'x' are both samples of test"),
        ({"test_y": LABELS}, "'test_y' labels nothing, for there is no test_x"),
        ({"x": IMAGES, "test_x.a": IMAGES}, "name the input in each of them"),
        ({"x": IMAGES[:0]}, "'x' holds no samples"),
        ({"x": np.float32(1)}, r"'x' holds no samples; its shape is \(\)"),
        ({"x": IMAGES, "y": LABELS[:3]}, "'x' has 4, 'y' has 3"),
        ({"x": IMAGES, "y": LABELS, "y.a": IMAGES}, "name the output in each of them"),
        ({"x": IMAGES, "y.a": IMAGES[:3]}, "'x' has 4, 'y.a' has 3"),
        ({"x": np.zeros((4, 8, 8, 3), np.uint8)}, r"transpose it with .transpose\(0, 3, 1, 2\)"),
        ({"x": np.zeros((4, 4, 8, 8), np.uint8)}, "keep 1 or 3 channels"),
    ],
)  # fmt: skip
def test_arrays_that_do_not_fit_are_refused(
    tmp_path: Path, arrays: dict[str, Any], why: str
) -> None:
    with pytest.raises(DataError, match=why):
        dataset(tmp_path, **arrays)


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        dataset(tmp_path, train_x=IMAGES[:0], test_y=LABELS, x=IMAGES, y=LABELS[:3])
    assert len(str(caught.value).splitlines()) == 3


def test_objects_are_refused_without_unpickling(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"'x' is of type object.*would need pickle"):
        dataset(tmp_path, x=np.array([{}, []], dtype=object))


@pytest.mark.parametrize("dtype", ["c8", "U3", "S3", "M8[s]", [("a", "f4")]])
def test_only_numbers_are_read(tmp_path: Path, dtype: Any) -> None:
    with pytest.raises(DataError, match=r"integers and real numbers only"):
        dataset(tmp_path, x=np.zeros(3, dtype))


def test_arrays_come_back_whole_native_and_read_only(tmp_path: Path) -> None:
    values = np.asfortranarray(np.arange(6, dtype=">f4").reshape(2, 3))
    np.savez_compressed(tmp_path / "a.npz", x=values)
    loaded = load_array(tmp_path / "a.npz", "x")
    assert np.array_equal(loaded, values)
    assert loaded.dtype == np.float32
    assert not loaded.flags.writeable


def test_an_array_is_read_once_until_the_file_changes(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=LABELS)
    first = load_array(tmp_path / "a.npz", "x")
    assert load_array(tmp_path / "a.npz", "x") is first
    np.savez(tmp_path / "a.npz", x=np.arange(9))
    assert len(load_array(tmp_path / "a.npz", "x")) == 9


def test_an_array_that_is_not_there_is_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=LABELS)
    with pytest.raises(DataError, match=r"no array 'z' \(it holds x\)"):
        load_array(tmp_path / "a.npz", "z")
    with pytest.raises(DataError, match=r"gone\.npz cannot be read"):
        load_array(tmp_path / "gone.npz", "z")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.npz does not exist"):
        local_dataset(f"npz:{tmp_path / 'gone.npz'}", tmp_path)


def test_a_file_that_may_not_be_read_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "secret.npz").touch()
    monkeypatch.setattr("boildown.data.npz_file.zipfile.ZipFile", refuse)  # root may read all
    with pytest.raises(DataError, match=r"secret\.npz cannot be read \(Permission denied\)"):
        npz_file.read_headers(tmp_path / "secret.npz")


def test_a_file_that_unpacks_to_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez_compressed(tmp_path / "a.npz", x=np.zeros(100_000))
    monkeypatch.setattr(npz_file, "MAX_BYTES", 700_000)
    with pytest.raises(DataError, match=r"unpacks to 0.0 GB in 1 arrays; the limit is"):
        read_headers(tmp_path / "a.npz")


def _npy(shape: tuple[int, ...], payload: bytes) -> bytes:
    stream = io.BytesIO()
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_2_0(stream, header)
    return stream.getvalue() + payload


def test_a_header_that_claims_more_than_the_file_holds_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", _npy((1 << 40,), b"abc"))
    with pytest.raises(DataError, match=r"'x' is not as long as its header says"):
        read_headers(tmp_path / "a.npz")


def test_a_header_of_the_second_version_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", _npy((3,), b"abc"))
    assert read_headers(tmp_path / "a.npz")["x"].shape == (3,)


def test_two_arrays_of_one_name_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", _npy((3,), b"abc"))
        with pytest.warns(UserWarning, match=r"Duplicate"):
            archive.writestr("x.npy", _npy((3,), b"abc"))
    with pytest.raises(DataError, match=r"two arrays of the same name"):
        read_headers(tmp_path / "a.npz")


def test_an_array_damaged_behind_its_header_is_refused_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, x=np.zeros(1000))
    content = bytearray(path.read_bytes())
    content[4000] ^= 1
    path.write_bytes(content)
    assert read_headers(path)["x"].shape == (1000,)
    with pytest.raises(DataError, match=r"Bad CRC-32"):
        load_array(path, "x")


@given(content=st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bytes_that_are_no_npz_file_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError):
        local_dataset(f"npz:{tmp_path / 'a.npz'}", tmp_path)


@given(
    changes=st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 255)), min_size=1, max_size=6),
    cut=st.integers(0, 5000),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
def test_a_damaged_npz_file_is_read_or_refused(
    tmp_path: Path, changes: list[tuple[int, int]], cut: int
) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, test_x=IMAGES, test_y=LABELS)
    content = bytearray(path.read_bytes())
    for position, byte in changes:
        content[position % len(content)] = byte
    path.write_bytes(content[: len(content) - cut] if cut < len(content) // 4 else content)
    try:
        manifest = local_dataset(f"npz:{path}", tmp_path)
        assert manifest is not None
        load_array(path, manifest.splits["test"].inputs["*"])
    except BoildownError:
        pass
