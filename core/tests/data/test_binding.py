from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boildown.data import samples
from boildown.data.batches import batches
from boildown.data.binding import Shape, bind
from boildown.data.local import local_dataset
from boildown.data.manifest import DataManifest, Take
from boildown.data.preprocessing import Preprocessing
from boildown.errors import DataError

COLOUR = {"input": ("batch", 3, 8, 8)}


def opened(path: Path) -> DataManifest:
    """Return a dataset as its source gives it."""
    manifest = local_dataset(str(path), path.parent / "work")
    assert manifest is not None
    return manifest


def bound(path: Path, inputs: dict[str, Shape] | None = None, **settings: Any) -> DataManifest:
    """Bind a dataset to a model that takes 3x8x8 images in 4 classes, or to another."""
    ready = {"preprocessing": Preprocessing(), "inputs": inputs or COLOUR, "classes": 4}
    return bind(opened(path), **{**ready, **settings})


def arrays(folder: Path, **named: Any) -> Path:
    """Write arrays to a file."""
    np.savez(folder / "a.npz", **named)
    return folder / "a.npz"


@pytest.mark.parametrize("name", ["digits.npz", "pets"])
def test_batches_of_bound_data_have_the_names_of_the_model(
    tmp_path: Path, digits: Path, pets: Path, name: str
) -> None:
    manifest = bound(tmp_path / name)
    batch = next(batches(manifest, "test", 2))
    assert list(batch.inputs) == ["input"]
    assert batch.inputs["input"].shape == (2, 3, 8, 8)
    assert DataManifest.model_validate_json(manifest.model_dump_json()) == manifest


@pytest.mark.parametrize("name", ["digits.npz", "pets"])
def test_images_for_a_model_of_unknown_preprocessing_are_refused_with_an_example(
    tmp_path: Path, digits: Path, pets: Path, name: str
) -> None:
    with pytest.raises(DataError, match=r"`input: \{resize: 256.*model\.yaml"):
        bound(tmp_path / name, preprocessing=None)


def test_numbers_need_no_preprocessing(tmp_path: Path) -> None:
    path = arrays(tmp_path, x=np.zeros((5, 7), np.float32))
    manifest = bound(path, {"features": (None, 7)}, preprocessing=None)
    assert manifest.splits["test"].inputs == {"features": "x"}


@pytest.mark.parametrize(
    ("wanted", "hint"),
    [
        (
            ("b", 3, 224, 224),
            r"become 3.8.8 but .* 'input' wants 3.224.224; .*resize: \[224, 224\]",
        ),
        (("b", 1, 8, 8), r"wants 1.8.8; set `input: \{channels: gray\}`"),
        (("b", 1, 4, 4), r"set `input: \{channels: gray, resize: \[4, 4\]\}`"),
        (("b", 8, 8, 3), r"set `input: \{layout: nhwc\}`"),
        (("b", 9, 9, 3), r"set `input: \{layout: nhwc, resize: \[9, 9\]\}`"),
        (("b", 10), "does not take images"),
        (("b",), "wants one number"),
    ],
)
def test_images_of_another_shape_are_refused_with_the_setting_that_helps(
    pets: Path, wanted: Shape, hint: str
) -> None:
    with pytest.raises(DataError, match=hint):
        bound(pets, {"input": wanted})


def test_channels_last_for_a_model_with_channels_first_are_refused(pets: Path) -> None:
    with pytest.raises(DataError, match=r"layout: nchw"):
        bound(pets, preprocessing=Preprocessing(layout="nhwc"))


@pytest.mark.parametrize("wanted", [("b", 3, "h", "w"), (1, 3, 8, None), (None, None, None, None)])
def test_open_axes_take_any_length(pets: Path, wanted: Shape) -> None:
    assert bound(pets, {"input": wanted})


def test_numbers_of_another_shape_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"test samples are 7 but .* wants \?.9; reshape the array"):
        bound(arrays(tmp_path, x=np.zeros((5, 7), np.float32)), {"input": ("b", None, 9)})


def test_numbers_of_another_type_are_refused(tmp_path: Path) -> None:
    path = arrays(tmp_path, x=np.zeros((5, 7)))
    with pytest.raises(DataError, match=r"are float64 but .* wants float32; .*astype\('float32'\)"):
        bound(path, {"input": ("b", 7)}, dtypes={"input": "float32"})


def test_images_for_a_model_that_wants_bytes_are_refused(pets: Path) -> None:
    with pytest.raises(DataError, match=r"become float32 but .* wants uint8; give ready arrays"):
        bound(pets, dtypes={"input": "uint8"})
    assert bound(pets, dtypes={"input": "float32"})


def test_an_input_that_the_model_lacks_is_told_with_the_nearest(tmp_path: Path) -> None:
    path = arrays(tmp_path, **{"test_x.idz": np.zeros((5, 7)), "test_x.mask": np.zeros((5, 7))})
    with pytest.raises(
        DataError, match=r"input 'idz'.*did you mean 'ids'\?\n.*no samples for .* ids"
    ):
        bound(path, {"ids": ("b", 7), "mask": ("b", 7)})


def test_unnamed_samples_for_a_model_with_two_inputs_are_refused(pets: Path) -> None:
    with pytest.raises(DataError, match=r"one unnamed input, but .* 'left', 'right'"):
        bound(pets, {"left": (1, 3, 8, 8), "right": (1, 3, 8, 8)})


def test_two_named_inputs_are_bound_by_name(tmp_path: Path) -> None:
    path = arrays(tmp_path, **{"test_x.a": np.zeros((5, 7)), "test_x.b": np.zeros((5, 8))})
    manifest = bound(path, {"b": ("n", 8), "a": ("n", 7)})
    assert manifest.splits["test"].inputs == {"a": "test_x.a", "b": "test_x.b"}


def test_labels_outside_the_classes_are_counted(digits: Path) -> None:
    with pytest.raises(DataError, match=r"5 labels of the test split .*3 classes 0…2, such as 3"):
        bound(digits, classes=3)
    assert bound(digits, classes=None)


def test_only_the_labels_of_the_slice_count(tmp_path: Path) -> None:
    path = arrays(tmp_path, x=np.zeros((3, 7), np.float32), y=np.array([0, 1, 9]))
    manifest = opened(path)
    split = manifest.splits["test"].model_copy(update={"take": Take(stop=2)})
    part = manifest.model_copy(update={"splits": {"test": split}})
    assert bind(part, preprocessing=None, inputs={"i": ("b", 7)}, classes=2)


def test_arrays_are_bound_by_their_headers_alone(
    digits: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = opened(digits)
    unlabelled = {
        name: split.model_copy(update={"labelled": False})
        for name, split in manifest.splits.items()
    }
    monkeypatch.delattr(samples, "load_array")
    manifest = manifest.model_copy(update={"splits": unlabelled})
    assert bind(manifest, preprocessing=Preprocessing(), inputs=COLOUR, classes=4)


def test_an_array_that_its_file_lacks_is_named(digits: Path) -> None:
    manifest = opened(digits)
    split = manifest.splits["test"].model_copy(update={"inputs": {"*": "pictures"}})
    other = manifest.model_copy(update={"splits": {"test": split}})
    with pytest.raises(DataError, match=r"has no array 'pictures' \(it holds train_x"):
        bind(other, preprocessing=None, inputs=COLOUR, classes=4)


def test_arrays_too_small_for_the_crop_are_refused(digits: Path) -> None:
    with pytest.raises(DataError, match=r"crop of 9.9 pixels is larger"):
        bound(digits, preprocessing=Preprocessing(crop=(9, 9)))


def test_an_empty_split_is_refused(digits: Path) -> None:
    manifest = opened(digits)
    split = manifest.splits["test"].model_copy(update={"take": Take(stop=0)})
    empty = manifest.model_copy(update={"splits": {"test": split}})
    with pytest.raises(DataError, match=r"the test split of .* is empty"):
        bind(empty, preprocessing=Preprocessing(), inputs=COLOUR, classes=4)


def test_everything_wrong_is_told_once(digits: Path) -> None:
    with pytest.raises(DataError) as caught:
        bound(digits, {"input": ("b", 3, 9, 9)}, classes=2)
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("labels", "why"),
    [
        (np.zeros((5, 1), np.int64), r"labels of a classifier are integers of shape \(N,\)"),
        (np.zeros(5), "'y' in .* is float64 of shape"),
        (np.full(5, -1), "5 labels of the test split .* outside the model's classes, such as -1"),
        (np.full(5, 2**31), "outside the model's classes"),
    ],
)
def test_a_classifier_takes_class_labels_only(tmp_path: Path, labels: Any, why: str) -> None:
    path = arrays(tmp_path, x=np.zeros((5, 7), np.float32), y=labels)
    with pytest.raises(DataError, match=why):
        bound(path, {"features": (None, 7)}, classes=None)


def test_what_is_no_classifier_gets_the_truth_of_its_outputs_by_name(tmp_path: Path) -> None:
    x, depth = np.zeros((5, 7), np.float32), np.arange(10.0).reshape(5, 2)
    path = arrays(tmp_path, **{"test_x": x, "test_y.depth": depth})
    manifest = bound(path, {"features": (None, 7)}, classes=None, outputs=["angle", "depth"])
    batch = next(batches(manifest, "test", 3, seed=0))
    assert batch.labels is None
    np.testing.assert_array_equal(batch.truths["depth"] % 2, [[0, 1]] * 3)
    only = bound(arrays(tmp_path, x=x, y=depth), {"f": (None, 7)}, classes=None, outputs=["depth"])
    assert only.splits["test"].truths == {"depth": "y"}


def test_numbers_of_any_sign_may_be_what_is_no_class(tmp_path: Path) -> None:
    path = arrays(tmp_path, x=np.zeros((5, 7), np.float32), y=np.full(5, -7))
    manifest = bound(path, {"features": (None, 7)}, classes=None, outputs=["height"])
    batch = next(batches(manifest, "test", 5))
    assert batch.labels is not None
    assert set(batch.labels) == {-7}


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("test_y", "does not say of which output it is; call it test_y.angle, test_y.depth"),
        ("test_y.dept", "the outputs of the model are 'angle', 'depth'; did you mean 'depth'?"),
    ],
)
def test_the_truth_of_no_output_is_refused(tmp_path: Path, key: str, why: str) -> None:
    path = arrays(tmp_path, **{"test_x": np.zeros((5, 7), np.float32), key: np.zeros((5, 2))})
    with pytest.raises(DataError, match=why):
        bound(path, {"features": (None, 7)}, classes=None, outputs=["angle", "depth"])
