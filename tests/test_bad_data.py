"""Datasets that do not fit or cannot be trusted: each is one clear error, nothing is left."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Refusal = Callable[..., str]
Arrays = dict[str, Any]

RECIPE = "recipe: 1\nname: mine\nsteps:\n  - quantize: {weights: int8, activations: int8}\n"


def noise(count: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(7).standard_normal((count, *shape)).astype(np.float32)


#: Fault -> arrays in the place of those that fit, and what the error says.
FAULTS: dict[str, tuple[Callable[[Arrays], Arrays], str]] = {
    "another size": (
        lambda a: {"test_x": noise(30, 3, 9, 9)},
        "test samples are 3×9×9 but the model's input 'x' wants 3×8×8",
    ),
    "another rank": (lambda a: {"test_x": noise(30, 5)}, "test samples are 5 but the model's"),
    "no test samples": (
        lambda a: {"test_x": noise(0, 3, 8, 8), "test_y": a["test_y"][:0]},
        "'test_x' holds no samples",
    ),
    "no training samples": (
        lambda a: {"train_x": noise(0, 3, 8, 8), "train_y": a["train_y"][:0]},
        "'train_x' holds no samples",
    ),
    "no calibration samples": (
        lambda a: {"calibration_x": noise(0, 3, 8, 8)},
        "'calibration_x' holds no samples",
    ),
    "a label too high": (
        lambda a: {"test_y": np.where(np.arange(30) == 4, 4, a["test_y"])},
        "1 labels of the test split",
    ),
    "a negative label": (lambda a: {"test_y": a["test_y"] - 9}, "labels count from 0"),
    "too few labels": (lambda a: {"test_y": a["test_y"][:-1]}, "29"),
    "a sample in both splits": (
        lambda a: {"test_x": np.concatenate([a["train_x"][:1], a["test_x"][1:]])},
        "sample 0 of train_x in wrong.npz is sample 0 of test_x in wrong.npz",
    ),
    "objects": (lambda a: {"test_x": np.array([{}] * 30)}, "objects would need pickle"),
    "words": (lambda a: {"test_x": np.array(["a"] * 30)}, "integers and real numbers only"),
}


@pytest.fixture
def compare(refusal: Refusal, model_path: Path) -> Refusal:
    Path("mine.yaml").write_text(RECIPE)
    words = ["compare", "mine.yaml", "--model", model_path, "--backend", "onnxruntime"]
    return lambda data: refusal(*words, "--data", data, "--timing-seconds", "0.05")


@pytest.mark.parametrize("fault", FAULTS)
def test_arrays_that_do_not_fit_are_told_why(compare: Refusal, data: str, fault: str) -> None:
    change, said = FAULTS[fault]
    with np.load(data.removeprefix("npz:")) as found:
        kept = dict(found)
    np.savez("wrong.npz", **{**kept, **change(kept)})
    assert said in compare("npz:wrong.npz")


def test_arrays_that_fit_are_compared(compare: Refusal, data: str) -> None:
    with pytest.raises(AssertionError, match="assert 0 == 2"):
        compare(data)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"text"])
def test_a_file_that_holds_no_arrays_is_named(compare: Refusal, content: bytes) -> None:
    Path("wrong.npz").write_bytes(content)
    assert "wrong.npz" in compare("npz:wrong.npz")


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("npz:no.npz", "no.npz"),
        ("images:nowhere", "nowhere"),
        ("zooo:x", "did you mean 'zoo:'?"),
        ("zoo:fashion-mist", "fashion-mnist"),
    ],
)
def test_data_that_are_not_there_are_named(compare: Refusal, uri: str, said: str) -> None:
    assert said in compare(uri)


@pytest.fixture
def photos(model_path: Path) -> Path:
    """Write images of four classes, six to train and six to test for each, no two alike."""
    model_path.with_suffix(".yaml").write_text("input: {resize: [8, 8]}\n")
    rng = np.random.default_rng(0)
    for folder in (Path("photos", s, c) for s in ("train", "test") for c in "abcd"):
        folder.mkdir(parents=True)
        for number in range(6):
            pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}.png")
    return Path("photos")


def test_an_image_in_both_splits_is_named_with_its_twin(compare: Refusal, photos: Path) -> None:
    shutil.copy(photos / "train" / "a" / "0.png", photos / "test" / "c" / "5.png")
    said = compare("images:photos")
    assert "train/a/0.png is " in said
    assert "test/c/5.png" in said


def test_a_class_too_many_is_told(compare: Refusal, photos: Path) -> None:
    for split in ("train", "test"):
        shutil.copytree(photos / split / "a", photos / split / "e")
    assert "outside the model's 4 classes" in compare("images:photos")


def test_folders_without_images_are_told(compare: Refusal, photos: Path) -> None:
    for path in photos.rglob("*.png"):
        path.unlink()
    assert "4 class folders of " in compare("images:photos")
